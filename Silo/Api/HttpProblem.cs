using System.Text.Json;

namespace OrleansCache;

/// <summary>An error as a client reads it (RFC 9457). The detail names the field, its value and the way out.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Type">A stable token, a relative reference: <c>limited</c>, <c>bad-key</c>.</param>
/// <param name="Title">The same for every problem of the type.</param>
/// <param name="Detail">What is wrong here, and what to do.</param>
internal sealed record HttpProblem(int Status, string Type, string Title, string Detail)
{
    /// <summary>When another try can succeed; sent as <c>Retry-After</c> in whole seconds, at least 1.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The methods that the resource has, for 405.</summary>
    public string? Allow { get; init; }

    public static HttpProblem BadRequest(string type, string title, string detail) => new(StatusCodes.Status400BadRequest, type, title, detail);

    public static HttpProblem NotFound(string type, string title, string detail) => new(StatusCodes.Status404NotFound, type, title, detail);

    public static HttpProblem MethodNotAllowed(string said, string allow) =>
        new(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "The resource does not have this method", said) { Allow = allow };

    public static HttpProblem Unavailable(string detail, TimeSpan? retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "The key's owner or its store cannot serve this now", detail) { RetryAfter = retryAfter ?? TimeSpan.FromSeconds(1) };

    public static HttpProblem NotJson(string title, string? contentType) =>
        new(StatusCodes.Status415UnsupportedMediaType, "bad-content-type", title, $"Content-Type is '{contentType}'; send application/json.");

    /// <param name="title">What is too large.</param>
    /// <param name="length">As the request says; null when it does not.</param>
    public static HttpProblem TooLarge(string title, long? length) => new(
        StatusCodes.Status413PayloadTooLarge, "too-large", title,
        $"The body is {(length is { } bytes ? $"{bytes} bytes" : $"over {BodyReader.MaxBytes} bytes")}; send at most {BodyReader.MaxBytes} (8 MiB).");

    /// <summary>Answers with it. Headers that were set before, such as <c>Cache-Status</c>, stay.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ProblemBody(Type, Title, Status, Detail), HttpJson.Plain.ProblemBody);
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = HttpNumber.Text(Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)));
        if (Allow is not null)
            response.Headers.Allow = Allow;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

/// <summary>The body of <c>application/problem+json</c>.</summary>
internal sealed record ProblemBody(string Type, string Title, int Status, string Detail);
