namespace OrleansCache;

/// <summary>How callers over HTTP show who they are. Section <c>OrleansCache:Integrations:{name}:Authentication</c>.</summary>
public sealed class AuthenticationOptions
{
    /// <summary>Has the gateway exchange callers' Basic credentials for bearer tokens; null asks callers for nothing.</summary>
    public ExchangeOptions? Exchange { get; set; }
}

/// <summary>An auth service that gives a bearer token for Basic credentials.</summary>
public sealed class ExchangeOptions
{
    /// <summary>Where a POST of <c>grant_type=client_credentials</c> with the caller's credentials gives a token (RFC 6749): an absolute http or https address.</summary>
    public string? Url { get; set; }

    /// <summary>A token is used so much shorter than the auth service says that it lives: zero to an hour.</summary>
    public TimeSpan Margin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a token is used of which the auth service does not say how long it lives: over zero, to a day.</summary>
    public TimeSpan TokenFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a refusal is remembered: zero to a minute.</summary>
    public TimeSpan RefusedFor { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an exchange may take: 10 ms to a minute.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Tokens and refusals in a silo's memory at once; the oldest goes first: 1 to 1,000,000.</summary>
    public int MaxTokens { get; set; } = 10_000;
}
