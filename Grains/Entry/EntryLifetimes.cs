namespace OrleansCache;

/// <summary>EntryLifetimes: what a caller gave, else what the region says, as instants of cluster time in microseconds.</summary>
internal static class EntryLifetimes
{
    public const long Never = long.MaxValue;

    /// <summary>How long the store remembers that a key was removed.</summary>
    public static readonly TimeSpan RemovalKept = TimeSpan.FromHours(1);

    private static readonly TimeSpan LongestStay = TimeSpan.FromDays(365);

    /// <param name="lifetime">The storing caller's; null follows the region.</param>
    /// <param name="policy">The region's.</param>
    /// <param name="now">When the value was retrieved.</param>
    /// <param name="draw">Uniform in [0, 1): shortens fresh time by that share of the jitter.</param>
    public static (long FreshUntil, long StaleUntil) Of(EntryLifetime? lifetime, RegionPolicy policy, long now, double draw)
    {
        var stale = lifetime?.StaleMilliseconds is { } given ? FromMilliseconds(given) : FromSpan(policy.StaleFor);
        if (lifetime?.SlidingMilliseconds is { } sliding)
            return Until(now, FromMilliseconds(sliding), stale);

        var fresh = lifetime?.FreshMilliseconds is { } milliseconds ? FromMilliseconds(milliseconds)
            : policy.FreshFor is { } span ? FromSpan(span)
            : Never;
        var jitter = Math.Clamp(lifetime?.Jitter ?? policy.Jitter, 0, 1);
        return Until(now, fresh == Never ? Never : fresh - (long)(fresh * jitter * draw), stale);
    }

    /// <summary>Absence has no stale time: past its end the origin is asked.</summary>
    public static (long FreshUntil, long StaleUntil) OfAbsence(long span, long now)
    {
        var until = Add(now, span);
        return (until, until);
    }

    public static long AbsenceSpan(EntryLifetime? lifetime, RegionPolicy policy) =>
        lifetime?.AbsentMilliseconds is { } given ? FromMilliseconds(given) : FromSpan(policy.AbsentFor);

    public static long Add(long instant, long span) => span >= Never - instant ? Never : instant + span;

    public static long FromMilliseconds(long milliseconds) =>
        milliseconds <= 0 ? 0 : milliseconds >= Never / 1000 ? Never : milliseconds * 1000;

    public static long FromSpan(TimeSpan span) => span <= TimeSpan.Zero ? 0 : (long)span.TotalMicroseconds;

    /// <summary>A span of microseconds, of a year at most.</summary>
    public static TimeSpan ToSpan(long microseconds) => microseconds >= LongestStay.TotalMicroseconds ? LongestStay : TimeSpan.FromMicroseconds(Math.Max(0, microseconds));

    /// <summary>Milliseconds left; once it is past at most -1; <see cref="ReadReply.NoLifetime"/> for never.</summary>
    public static long Remaining(long until, long now) =>
        until == Never ? ReadReply.NoLifetime : now < until ? (until - now) / 1000 : Math.Min(-1, (until - now) / 1000);

    private static (long FreshUntil, long StaleUntil) Until(long now, long fresh, long stale)
    {
        var freshUntil = Add(now, fresh);
        return (freshUntil, Add(freshUntil, stale));
    }
}
