namespace OrleansCache;

/// <summary>How long one call goes on trying: at once, then after 10 ms and twice as long each time up to half a second.</summary>
internal struct Patience(long started, TimeSpan limit)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);
    private int _tries;

    /// <summary>The pause before the next try; null when the time is over.</summary>
    public TimeSpan? NextPause(TimeProvider clock)
    {
        var left = limit - clock.GetElapsedTime(started);
        if (left <= TimeSpan.Zero)
            return null;
        var tries = _tries++;
        if (tries == 0)
            return TimeSpan.Zero;
        var pause = First * (1 << Math.Min(tries - 1, 10));
        pause = pause < Longest ? pause : Longest;
        return pause < left ? pause : left;
    }

    /// <summary>What is left for a repetition; null for the first try, which the engine's own limit ends.</summary>
    public readonly TimeSpan? Left(TimeProvider clock) =>
        _tries == 0 ? null : limit - clock.GetElapsedTime(started) is { Ticks: > 0 } left ? left : TimeSpan.FromTicks(1);

    public readonly bool Has(TimeSpan time, TimeProvider clock) => limit - clock.GetElapsedTime(started) >= time;

    /// <summary>The time is over earlier.</summary>
    public void AtMost(TimeSpan shorter) => limit = limit < shorter ? limit : shorter;

    /// <summary>The owner answered, so the time begins anew; after a whole slice the pauses do too.</summary>
    public void Renew(long now, bool waited) => (started, _tries) = (now, waited ? 0 : _tries);
}
