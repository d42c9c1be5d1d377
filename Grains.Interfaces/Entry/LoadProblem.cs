namespace OrleansCache;

/// <summary>Why a load gave no value to store.</summary>
[GenerateSerializer, Immutable, Alias("oc.problem.v1")]
internal sealed record LoadProblem
{
    /// <summary>The <see cref="Detail"/> of a silo that cannot prove its right to the key.</summary>
    public const string Unproven = "unproven";

    /// <summary>The <see cref="Detail"/> of a value that is not in memory, while the store is away.</summary>
    public const string StoreAway = "store";

    [Id(0)] public ProblemKind Kind { get; init; }

    /// <summary>A short token for <c>Cache-Status</c> and explain: <c>origin-503</c>, <c>timeout</c>, <c>breaker-open</c>, <c>limited</c>.</summary>
    [Id(1)] public string Detail { get; init; } = "";

    /// <summary>The origin's status code; 0 when it gave none.</summary>
    [Id(2)] public int StatusCode { get; init; }

    /// <summary>Milliseconds after which another try can succeed; 0 when unknown.</summary>
    [Id(3)] public long RetryAfterMilliseconds { get; init; }

    /// <summary>The origin's own answer, for one that is passed on as it came.</summary>
    [Id(4)] public byte[]? Body { get; init; }

    [Id(5)] public string? ContentType { get; init; }

    /// <summary>The text of the last error, for explain and logs.</summary>
    [Id(6)] public string? Message { get; init; }

    /// <summary>The HTTP methods that the call has, for one that was made by another.</summary>
    [Id(7)] public string? Allow { get; init; }
}

internal enum ProblemKind : byte
{
    /// <summary>The origin failed: a 5xx, a broken connection, an exception.</summary>
    OriginFailed = 0,

    /// <summary>The origin did not answer in time.</summary>
    Timeout = 1,

    /// <summary>The circuit breaker is open.</summary>
    BreakerOpen = 2,

    /// <summary>The rate limiter refused.</summary>
    Limited = 3,

    /// <summary>The origin refused this request (a 4xx other than 404): passed on, never stored.</summary>
    OriginRefused = 4,

    /// <summary>The origin has no such thing (404) and absence is not cached.</summary>
    NotFound = 5,

    /// <summary>No such integration or method, or an argument is missing or surplus.</summary>
    BadCall = 6,

    /// <summary>The owner cannot prove its right, or the store it needs is unreachable.</summary>
    Unavailable = 7,

    /// <summary>Too many callers wait for this key.</summary>
    Overloaded = 8,

    /// <summary>The result is larger than an entry may be.</summary>
    TooLarge = 9,
}
