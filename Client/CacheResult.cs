namespace OrleansCache;

/// <summary>The answer to a read. <c>default</c> is a miss without a value.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly struct CacheResult<T>
{
    internal CacheResult(T? value, Outcome outcome, long version, DateTimeOffset lastRetrieved, DateTimeOffset lastModified, TimeSpan? retryAfter)
    {
        Value = value;
        Outcome = outcome;
        Version = version;
        LastRetrieved = lastRetrieved;
        LastModified = lastModified;
        RetryAfter = retryAfter;
    }

    /// <summary>The value; the type's default when there is none, or when absence is what is cached.</summary>
    public T? Value { get; }

    /// <summary>How the answer came about.</summary>
    public Outcome Outcome { get; }

    /// <summary>True when the outcome carries a value or a cached absence.</summary>
    public bool HasValue => Outcome is Outcome.Hit or Outcome.Stale or Outcome.Loaded;

    /// <summary>Names this one value; grows with each change of the key. 0 when the value is not stored.</summary>
    public long Version { get; }

    /// <summary>When the origin was last asked.</summary>
    public DateTimeOffset LastRetrieved { get; }

    /// <summary>When the value last changed.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>For a refusal: after this, another try can succeed. Null when unknown.</summary>
    public TimeSpan? RetryAfter { get; }
}
