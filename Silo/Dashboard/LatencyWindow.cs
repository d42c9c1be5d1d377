using System.Numerics;

namespace OrleansCache;

/// <summary>Quantiles of the last minute in fixed buckets: each power of two of microseconds in eight parts, so an answer is at most 12.5 % high.</summary>
/// <remarks>Thread-safe without a lock. While a second begins, a few of its first samples may be lost: this is for eyes, not for bills.</remarks>
internal sealed class LatencyWindow(TimeProvider clock)
{
    private const int Seconds = 60;
    private const int PartsLog2 = 3;
    private const int Parts = 1 << PartsLog2;

    /// <summary>Up to 2^27 µs, two minutes; what is above counts there.</summary>
    private const int Buckets = 28 * Parts;

    private readonly Slot[] _slots = [.. Enumerable.Range(0, Seconds).Select(_ => new Slot())];

    public void Add(double seconds)
    {
        var slot = Current();
        Interlocked.Increment(ref slot.Counts[BucketOf((long)(seconds * 1_000_000))]);
    }

    /// <summary>The latency in seconds that this share of the samples stays within; null without samples.</summary>
    /// <param name="share">0 to 1.</param>
    public double? Quantile(double share)
    {
        Span<long> sums = stackalloc long[Buckets];
        sums.Clear();
        var now = Second();
        var total = 0L;
        foreach (var slot in _slots)
        {
            if (now - Volatile.Read(ref slot.Second) >= Seconds)
                continue;
            for (var i = 0; i < Buckets; i++)
            {
                sums[i] += slot.Counts[i];
                total += slot.Counts[i];
            }
        }

        if (total == 0)
            return null;
        var rank = Math.Max(1, (long)Math.Ceiling(total * share));
        for (var i = 0; i < Buckets; i++)
        {
            rank -= sums[i];
            if (rank <= 0)
                return UpperEdge(i) / 1_000_000d;
        }

        return UpperEdge(Buckets - 1) / 1_000_000d;
    }

    internal static int BucketOf(long microseconds)
    {
        if (microseconds < Parts)
            return (int)Math.Max(0, microseconds);
        var log = BitOperations.Log2((ulong)microseconds);
        var part = (int)(microseconds >> (log - PartsLog2)) & (Parts - 1);
        return Math.Min(Buckets - 1, ((log - PartsLog2 + 1) << PartsLog2) + part);
    }

    /// <summary>In microseconds; exclusive.</summary>
    internal static long UpperEdge(int bucket)
    {
        if (bucket < Parts)
            return bucket + 1;
        var shift = (bucket >> PartsLog2) - 1;
        return (long)(Parts + (bucket & (Parts - 1)) + 1) << shift;
    }

    private Slot Current()
    {
        var second = Second();
        var slot = _slots[(int)(second % Seconds)];
        var seen = Volatile.Read(ref slot.Second);
        if (seen != second && Interlocked.CompareExchange(ref slot.Second, second, seen) == seen)
            Array.Clear(slot.Counts);
        return slot;
    }

    /// <summary>From one minute on, so that an untouched slot is of no running second.</summary>
    private long Second() => (clock.GetTimestamp() / clock.TimestampFrequency) + Seconds;

    private sealed class Slot
    {
        public readonly int[] Counts = new int[Buckets];
        public long Second;
    }
}
