using System.Buffers;
using System.Net;

namespace OrleansCache;

/// <summary>An integration by configuration alone: one HTTP/1.1 request a call.</summary>
/// <remarks>
/// The body is kept as the origin sends it. <c>identity</c> is asked for, so that readers need not know what the silo can decompress; an
/// origin that encodes all the same has its encoding kept beside the bytes.
/// </remarks>
internal sealed class HttpIntegration(Integration integration, HttpMessageInvoker client, TimeProvider clock) : IManyIntegration
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    public HttpMessageInvoker Client => client;

    /// <summary>A client of its own for one integration. Redirects are off: following one would be a call without a permit.</summary>
    public static HttpMessageInvoker MakeClient(HttpSettings settings) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = settings.UseProxy,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = settings.PooledConnectionLifetime,
        PlaintextStreamFilter = static (context, _) => new(new PermitStream(context.PlaintextStream)),
    });

    public async ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken)
    {
        var method = integration.Methods[request.Method];
        using var message = MessageOf(method.Verb, method.Path!.Path(request.Arguments), request.BearerToken);
        if (request.ETag is not null)
            message.Headers.TryAddWithoutValidation("If-None-Match", request.ETag);
        if (request.LastModified is not null)
            message.Headers.TryAddWithoutValidation("If-Modified-Since", request.LastModified);
        if (method.Writer is not null && (request.Body is not null || method.Verb != HttpMethod.Delete))
            message.Content = ContentOf(request);
        return await SendAsync(message, isConditional: request.ETag is not null || request.LastModified is not null, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<IntegrationResponse>> CallManyAsync(IntegrationManyRequest request, CancellationToken cancellationToken)
    {
        var many = integration.Methods[request.Method].Many!;
        using var message = MessageOf(HttpMethod.Get, ManyValues.Path(many, request.Arguments), request.BearerToken);
        var whole = await SendAsync(message, isConditional: false, cancellationToken).ConfigureAwait(false);
        return ManyValues.Of(many, request.Arguments, whole);
    }

    private async ValueTask<IntegrationResponse> SendAsync(HttpRequestMessage message, bool isConditional, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(message, cancellationToken).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.NotModified)
        {
            return !isConditional
                ? IntegrationResponse.Status(IntegrationResponseKind.Unusable, status)
                : IntegrationResponse.NotModified with { ETag = Header(response, "ETag"), LastModified = Header(response, "Last-Modified") };
        }

        if (await BodyOf(response, cancellationToken).ConfigureAwait(false) is not { } body)
            return IntegrationResponse.TooLarge($"The answer is larger than {IntegrationResponse.MaxBytes} bytes.");
        return IntegrationResponse.Status(KindOf(response.StatusCode), status) with
        {
            Body = body,
            ContentType = Header(response, "Content-Type"),
            Encoding = Header(response, "Content-Encoding") is { } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase) ? encoding : null,
            ETag = Header(response, "ETag"),
            LastModified = Header(response, "Last-Modified"),
            Location = Header(response, "Location"),
            RetryAfter = RetryAfterOf(response),
        };
    }

    private static IntegrationResponseKind KindOf(HttpStatusCode status) => (int)status switch
    {
        >= 200 and <= 299 => IntegrationResponseKind.Value,
        404 => IntegrationResponseKind.Absent,
        408 or 429 or >= 500 => IntegrationResponseKind.Failed,
        >= 400 => IntegrationResponseKind.Refused,
        _ => IntegrationResponseKind.Unusable,
    };

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : null;

    /// <summary>Null when it is larger than an entry may be.</summary>
    private static async ValueTask<byte[]?> BodyOf(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > IntegrationResponse.MaxBytes)
            return null;
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var body = new ArrayBufferWriter<byte>((int)(response.Content.Headers.ContentLength + 1 ?? 4096));
            while (await stream.ReadAsync(body.GetMemory(1), cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                body.Advance(read);
                if (body.WrittenCount > IntegrationResponse.MaxBytes)
                    return null;
            }

            return body.WrittenSpan.ToArray();
        }
    }

    private HttpRequestMessage MessageOf(HttpMethod verb, string path, string? bearerToken)
    {
        var settings = integration.Http!;
        var address = $"{settings.BaseAddress.AbsoluteUri.TrimEnd('/')}/{path}";
        var message = new HttpRequestMessage(verb, new Uri(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var (name, value) in settings.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        if (!settings.Headers.ContainsKey("Accept-Encoding"))
            message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (bearerToken is not null)
            message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {bearerToken}");
        return message;
    }

    private static ReadOnlyMemoryContent ContentOf(IntegrationRequest request)
    {
        var content = new ReadOnlyMemoryContent(request.Body ?? default);
        if (request.ContentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        if (request.Encoding is not null)
            content.Headers.TryAddWithoutValidation("Content-Encoding", request.Encoding);
        return content;
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter is not { } retryAfter ? null
            : retryAfter.Delta ?? (retryAfter.Date is { } date ? date - clock.GetUtcNow() : null);
        return wait > TimeSpan.Zero ? wait : null;
    }
}
