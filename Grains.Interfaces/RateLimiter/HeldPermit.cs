namespace OrleansCache;

/// <summary>What became of asking for a permit. <c>default</c> is a refusal.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="AskedAt">The timestamp from before the question that was granted: the permit is good for 50 ms from then.</param>
/// <param name="RetryAfter">For a refusal, when a permit could be had.</param>
/// <param name="Hold">For a refusal, what keeps permits back.</param>
internal readonly record struct Permit(PermitKind Kind, long AskedAt = 0, TimeSpan RetryAfter = default, PermitHold Hold = default)
{
    /// <summary>How long a permit is good, in microseconds.</summary>
    public const long LifeMicroseconds = 50_000;

    /// <summary>How long a permit is good.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMicroseconds(LifeMicroseconds);
}

internal enum PermitKind
{
    Refused = 0,
    Granted = 1,

    /// <summary>None is needed.</summary>
    NotNeeded = 2,
}
