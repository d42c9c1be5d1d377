namespace OrleansCache;

/// <summary>How many permits a limiter gives in any sliding second, minute, hour and day. <c>default</c> limits nothing.</summary>
/// <param name="PerSecond">In permits, 1 or more; null for no such limit. So are the others, none below the one before it.</param>
/// <param name="PerMinute">In permits.</param>
/// <param name="PerHour">In permits.</param>
/// <param name="PerDay">In permits.</param>
/// <param name="BackgroundShare">0 to 1: what waiting background callers get at least, while foreground callers wait too.</param>
/// <param name="Margin">What windows count beyond their length: by so much the way to the origin may delay one call more than another.</param>
internal readonly record struct RateLimits(
    long? PerSecond = null, long? PerMinute = null, long? PerHour = null, long? PerDay = null, double BackgroundShare = 0.2,
    TimeSpan Margin = default)
{
    /// <summary>True when no window is limited.</summary>
    public bool IsUnlimited => (PerSecond ?? PerMinute ?? PerHour ?? PerDay) is null;

    /// <summary>Permits a second that the tightest window gives in the long run.</summary>
    public double Rate
    {
        get
        {
            var rate = double.PositiveInfinity;
            foreach (var (permits, length) in ByWindow().Zip(PermitWindows.Lengths))
                if (permits != long.MaxValue)
                    rate = Math.Min(rate, permits * 1e6 / length);
            return rate;
        }
    }

    /// <summary>Permits recorded in the store at a time: at most a second's worth and 1 % of the smallest window, at least 1.</summary>
    public long Chunk
    {
        get
        {
            var (permits, seconds) = this switch
            {
                { PerSecond: { } n } => (n, 1L),
                { PerMinute: { } n } => (n, 60L),
                { PerHour: { } n } => (n, 3_600L),
                { PerDay: { } n } => (n, 86_400L),
                _ => (1L, 1L),
            };
            return Math.Max(1, Math.Min(permits / seconds, permits / 100));
        }
    }

    /// <summary>The limits in the order of <see cref="PermitWindows.Lengths"/>; <see cref="long.MaxValue"/> for none.</summary>
    public long[] ByWindow() =>
        [PerSecond ?? long.MaxValue, PerMinute ?? long.MaxValue, PerHour ?? long.MaxValue, PerDay ?? long.MaxValue];
}
