namespace OrleansCache;

/// <summary>Carries a limiter's past from one activation to the next.</summary>
/// <remarks>
/// An activation counts on its own monotonic clock; records are in cluster time. A record is dated with the latest that the cluster's
/// time can have been, and read with the earliest: what lies between is never taken for longer than it was. A clock that went back
/// makes the past look younger, and nothing is taken to be in the future.
/// </remarks>
internal static class LimiterHistory
{
    public static LimiterState Save(LimiterRules rules, long open, long now, long latestClusterTime) => new()
    {
        Windows = WindowRecord.Pack(rules.Windows, now),
        Open = open,
        WrittenAt = latestClusterTime,
        PausedUntil = rules.PausedUntil > now ? latestClusterTime + (rules.PausedUntil - now) : 0,
    };

    /// <exception cref="InvalidDataException">The record can't be read; every limit then counts as used up.</exception>
    public static void Restore(LimiterRules rules, LimiterState state, long now, long earliestClusterTime, long longestPause)
    {
        var writtenAt = now - Math.Max(0, earliestClusterTime - state.WrittenAt);
        try
        {
            WindowRecord.Unpack(state.Windows, rules.Windows, writtenAt, now);
        }
        catch (InvalidDataException)
        {
            rules.Windows.Exhaust(now);
            throw;
        }

        if (state.Open > 0)
            rules.Windows.Add(now, state.Open);
        rules.Windows.Free(now);
        if (state.PausedUntil > state.WrittenAt)
            rules.Pause(now, Math.Min(longestPause, writtenAt + (state.PausedUntil - state.WrittenAt) - now));
    }
}
