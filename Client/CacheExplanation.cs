namespace OrleansCache;

/// <summary>What a key's owner knows of it, and why the last read was answered as it was.</summary>
public sealed record CacheExplanation
{
    /// <summary>The region's name.</summary>
    public required string Region { get; init; }

    /// <summary>The key in the region.</summary>
    public required string Key { get; init; }

    /// <summary><c>absent</c>, <c>fresh</c>, <c>stale</c> or <c>loading</c>.</summary>
    public required string State { get; init; }

    /// <summary>0 when there is no value.</summary>
    public long Version { get; init; }

    /// <summary>The origin's version that the value was loaded by; null when nobody knows it, as without <see cref="Strategy.Versioned"/>.</summary>
    public string? OriginVersion { get; init; }

    /// <summary>When the origin was last asked.</summary>
    public DateTimeOffset? LastRetrieved { get; init; }

    /// <summary>When the value last changed.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>The end of fresh time; null for none or never.</summary>
    public DateTimeOffset? FreshUntil { get; init; }

    /// <summary>The end of stale time; null for none or never.</summary>
    public DateTimeOffset? StaleUntil { get; init; }

    /// <summary>A sentence for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The last failure of a load, while it matters.</summary>
    public string? LastError { get; init; }

    /// <summary>The limiter's windows and who waits; null for a plain region.</summary>
    public string? Limiter { get; init; }

    /// <summary>The circuit breaker's state; null for a plain region.</summary>
    public string? Breaker { get; init; }

    /// <summary>The silo that owns the key.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The owner's view number.</summary>
    public long View { get; init; }

    /// <summary>What changed between the last two values; null unless it was asked for.</summary>
    public CacheDifference? Difference { get; init; }
}
