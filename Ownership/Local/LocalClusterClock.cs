namespace OrleansCache;

/// <summary>
/// The clock of a cluster of one: the wall clock, sampled once, carried on by the monotonic clock, and never below what a former
/// owner may have given out. Its error is zero: there is no other clock to differ from.
/// </summary>
internal sealed class LocalClusterClock(TimeProvider time) : IClusterClock
{
    private long _origin = time.GetUtcNow().UtcTicks;
    private readonly long _started = time.GetTimestamp();
    private long _last;
    private long _ceiling = long.MaxValue;
    private Func<long, long>? _reserve;

    public long Now
    {
        get
        {
            var now = ((_origin + time.GetElapsedTime(_started).Ticks) - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
            now = Math.Max(now, Highest.Raise(ref _last, now));
            if (now > Volatile.Read(ref _ceiling) && _reserve is { } reserve)
                Volatile.Write(ref _ceiling, reserve(now));
            return now;
        }
    }

    public long Earliest => Now;

    /// <summary>Never again below the floor; whenever time passes the ceiling, a new one is reserved before the time is given out.</summary>
    /// <param name="floor">In microseconds.</param>
    /// <param name="reserve">From the time wanted to the new ceiling; called by any thread.</param>
    public void StartAbove(long floor, Func<long, long> reserve)
    {
        var behind = floor + 1 - Now;
        if (behind > 0)
            _origin += behind * TimeSpan.TicksPerMicrosecond;
        _reserve = reserve;
        Volatile.Write(ref _ceiling, floor);
    }

    public async ValueTask PassedAsync(long instant, CancellationToken cancellationToken)
    {
        for (var left = instant - Now; left > 0; left = instant - Now)
            await Task.Delay(TimeSpan.FromMilliseconds((left / 1000) + 1), time, cancellationToken).ConfigureAwait(false);
    }
}
