namespace OrleansCache;

/// <summary>The limits of all integrations as configured now.</summary>
internal interface IRateLimits
{
    /// <summary>The limiter of that name; null when nothing is limited under it.</summary>
    RateLimitPolicy? For(string limiter);

    /// <summary>True for a configured integration, limited or not.</summary>
    bool Knows(string limiter);
}

/// <summary>A limiter's windows, and how its callers wait. Equal for equal configuration.</summary>
internal sealed record RateLimitPolicy
{
    public required RateLimits Limits { get; init; }

    /// <summary>How long a call waits for a permit at most, unless it says otherwise.</summary>
    public TimeSpan MaxWait { get; init; }

    public OnMiss OnMiss { get; init; }
}
