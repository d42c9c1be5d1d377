namespace OrleansCache;

/// <summary>
/// Cluster time from samples of a shared clock, carried on by the monotonic clock. The error of a sample is half its round trip, and
/// 1 % of its age: rates of clocks are assumed to agree that well.
/// </summary>
internal sealed class SampledClusterClock(TimeProvider time) : IClusterClock
{
    // A version shall not run ahead of time by more while no sample comes.
    private const long AgeThatCounts = 3_000_000;
    private const int YieldsBeforeTimer = 4096;
    private readonly long _started = time.GetTimestamp();
    private Sample? _sample;
    private long _last;

    public long Now
    {
        get
        {
            if (Volatile.Read(ref _sample) is not { } sample)
                return (time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
            var at = Timestamp();
            var now = sample.At(at) + sample.HalfRoundTrip + (Math.Min(sample.Age(at), AgeThatCounts) / 100);
            return Math.Max(now, Highest.Raise(ref _last, now));
        }
    }

    public long Earliest
    {
        get
        {
            if (Volatile.Read(ref _sample) is not { } sample)
                return 0;
            var at = Timestamp();
            return sample.At(at) - sample.Error(at);
        }
    }

    /// <summary>Microseconds of the monotonic clock: what <see cref="Add"/> takes.</summary>
    public long Timestamp() => time.GetElapsedTime(_started).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The shared clock showed <paramref name="shown"/> at some instant between the two timestamps.</summary>
    /// <returns>False when that is below what has passed for certain: the shared clock was set back, and is not followed.</returns>
    public bool Add(long sentAt, long shown, long receivedAt)
    {
        var sample = new Sample((sentAt + receivedAt) / 2, shown, (receivedAt - sentAt + 1) / 2);
        while (true)
        {
            var current = Volatile.Read(ref _sample);
            if (current is not null)
            {
                var (there, error) = (current.At(receivedAt), current.Error(receivedAt));
                if (sample.At(receivedAt) + sample.HalfRoundTrip < there - error)
                    return false;
                var agrees = sample.At(receivedAt) - sample.HalfRoundTrip <= there + error;
                if (agrees && error <= sample.Error(receivedAt))
                    return true;
            }
            if (Interlocked.CompareExchange(ref _sample, sample, current) == current)
                return true;
        }
    }

    public async ValueTask PassedAsync(long instant, CancellationToken cancellationToken)
    {
        for (var turn = 0; Earliest < instant; turn++)
        {
            var left = instant - Earliest;
            if (left < 1000 && turn < YieldsBeforeTimer)
                await Task.Yield();
            else
                await Task.Delay(TimeSpan.FromMilliseconds((left / 1000) + 1), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed record Sample(long Middle, long Shown, long HalfRoundTrip)
    {
        public long At(long timestamp) => Shown + timestamp - Middle;

        public long Age(long timestamp) => Math.Max(0, timestamp - Middle);

        public long Error(long timestamp) => HalfRoundTrip + (Age(timestamp) / 100);
    }
}
