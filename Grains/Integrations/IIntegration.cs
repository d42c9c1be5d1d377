namespace OrleansCache;

/// <summary>An integration in code: it makes the call itself; limits, retries, breaker and timeouts stand around it as around HTTP.</summary>
/// <remarks>One instance serves all calls at once. Register it with <c>services.AddIntegration</c>.</remarks>
public interface IIntegration
{
    /// <summary>Makes one attempt. What it throws counts as a failed call and is retried; so is <see cref="IntegrationResponse.Failed"/>.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends with the attempt's timeout.</param>
    ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken);
}

/// <summary>One attempt of a call.</summary>
public sealed class IntegrationRequest
{
    /// <summary>The integration's name.</summary>
    public required string Integration { get; init; }

    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>The arguments by name. Null, empty and not given are three things.</summary>
    public required IReadOnlyDictionary<string, string?> Arguments { get; init; }

    /// <summary>The validator of the value that is cached, for a conditional request; null for none.</summary>
    public string? ETag { get; init; }

    /// <summary>The date of the value that is cached, as the origin gave it; null for none.</summary>
    public string? LastModified { get; init; }

    /// <summary>What a write sends; null for none and for a call that reads. Never change its bytes: another attempt may send them again.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>The media type of <see cref="Body"/>.</summary>
    public string? ContentType { get; init; }

    /// <summary>The content encoding of <see cref="Body"/>; null for none.</summary>
    public string? Encoding { get; init; }

    /// <summary>The token that the caller's credentials were exchanged for; null for a call of nobody in particular.</summary>
    public string? BearerToken { get; init; }

    internal PermitSlip? Permit { get; init; }

    /// <summary>Makes sure that the call's permit is still good. A permit lasts 50 ms: who prepares for longer calls this right before the bytes leave.</summary>
    /// <exception cref="PermitRefusedException">No other permit is to be had; let it through.</exception>
    public ValueTask EnsurePermitAsync() => Permit?.EnsureFreshAsync() ?? default;
}

/// <summary>What an attempt gave. <c>default</c> is a failure.</summary>
public readonly record struct IntegrationResponse
{
    /// <summary>Values above 8 MiB are refused.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    internal IntegrationResponseKind Kind { get; private init; }

    /// <summary>The value's bytes, to 8 MiB; an origin's words for a refusal.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of <see cref="Body"/>.</summary>
    public string? ContentType { get; init; }

    /// <summary>The content encoding of <see cref="Body"/>; null for none.</summary>
    public string? Encoding { get; init; }

    /// <summary>A validator for later conditional requests.</summary>
    public string? ETag { get; init; }

    /// <summary>A date for later conditional requests, as the origin gave it.</summary>
    public string? LastModified { get; init; }

    /// <summary>Where what a write made is to be found, as the origin says it.</summary>
    public string? Location { get; init; }

    /// <summary>Tags beside those that the configuration gives the method.</summary>
    public IReadOnlyCollection<string>? Tags { get; init; }

    /// <summary>What a status code says; 0 without one.</summary>
    public int StatusCode { get; init; }

    /// <summary>When the origin wants to be asked again; it pauses the limiter.</summary>
    public TimeSpan? RetryAfter { get; init; }

    internal string? Message { get; init; }

    /// <summary>A value.</summary>
    public static IntegrationResponse Value(ReadOnlyMemory<byte> body, string? contentType = null) =>
        new() { Kind = IntegrationResponseKind.Value, Body = body, ContentType = contentType };

    /// <summary>What is cached is still good: only for a request with a validator.</summary>
    public static IntegrationResponse NotModified { get; } = new() { Kind = IntegrationResponseKind.NotModified };

    /// <summary>There is no such thing; remembered for the method's <c>AbsentFor</c>.</summary>
    public static IntegrationResponse Absent { get; } = new() { Kind = IntegrationResponseKind.Absent, StatusCode = 404 };

    /// <summary>The request is wrong in itself: not retried, not stored, passed to the caller as it is.</summary>
    /// <param name="statusCode">400 to 499.</param>
    /// <param name="body">The origin's words.</param>
    /// <param name="contentType">The media type of <paramref name="body"/>.</param>
    public static IntegrationResponse Refused(int statusCode, ReadOnlyMemory<byte> body = default, string? contentType = null) =>
        new() { Kind = IntegrationResponseKind.Refused, StatusCode = statusCode, Body = body, ContentType = contentType };

    /// <summary>The origin failed: retried, and counted by the breaker.</summary>
    /// <param name="message">For people.</param>
    /// <param name="retryAfter">When the origin wants to be asked again; it pauses the limiter.</param>
    public static IntegrationResponse Failed(string message, TimeSpan? retryAfter = null) =>
        new() { Message = message, RetryAfter = retryAfter };

    internal static IntegrationResponse Status(IntegrationResponseKind kind, int statusCode) => new() { Kind = kind, StatusCode = statusCode };

    internal static IntegrationResponse TooLarge(string message) => new() { Kind = IntegrationResponseKind.TooLarge, Message = message };
}

internal enum IntegrationResponseKind
{
    /// <summary>May be tried again.</summary>
    Failed = 0,
    Value = 1,
    NotModified = 2,
    Absent = 3,
    Refused = 4,
    TooLarge = 5,

    /// <summary>The origin answered what no retry makes better, such as a redirect.</summary>
    Unusable = 6,
}
