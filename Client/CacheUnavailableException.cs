namespace OrleansCache;

/// <summary>No owner could be reached, or it could not prove its right or reach its store in time.</summary>
/// <remarks>With <see cref="RetryAfter"/> the owner itself refused and changed nothing. Without it a write or removal may or may not have happened;
/// repeat it, or read.</remarks>
public sealed class CacheUnavailableException : Exception
{
    /// <summary>Makes one without a hint when to try again.</summary>
    public CacheUnavailableException(string message, Exception? innerException = null) : base(message, innerException) { }

    /// <summary>Makes one with the time after which another try can succeed.</summary>
    public CacheUnavailableException(string message, TimeSpan retryAfter) : base(message) => RetryAfter = retryAfter;

    /// <summary>After this, another try can succeed; null when unknown.</summary>
    public TimeSpan? RetryAfter { get; }
}
