namespace OrleansCache;

/// <summary>
/// The last raise of each tag, in a table of fixed size. What a bucket has no room for sinks into the bucket's floor: every tag that
/// is not listed counts as raised there, so that too much is invalidated, never too little. One writer; readers take no lock.
/// </summary>
internal sealed class TagTable
{
    private const int Ways = 8;
    private readonly ulong[] _tags;
    private readonly long[] _raises;
    private readonly long[] _floors;
    private long _floor;

    /// <param name="capacity">Tags that it can list, a power of two from 8; 16 bytes each.</param>
    public TagTable(int capacity = 1 << 16)
    {
        if (capacity < Ways || !int.IsPow2(capacity))
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, $"The capacity is a power of two from {Ways}.");
        (_tags, _raises, _floors) = (new ulong[capacity], new long[capacity], new long[capacity / Ways]);
    }

    /// <summary>The number of the last raise that may have hit the tag.</summary>
    public long LastRaise(ulong tag)
    {
        var bucket = BucketOf(tag);
        var first = bucket * Ways;
        for (var slot = first; slot < first + Ways; slot++)
        {
            // The raise is read after the tag: a slot that changed hands in between has a higher one.
            if (Volatile.Read(ref _tags[slot]) == tag && Volatile.Read(ref _raises[slot]) is > 0 and var raise)
                return raise;
        }
        return Math.Max(Volatile.Read(ref _floors[bucket]), Volatile.Read(ref _floor));
    }

    public void Raise(ulong tag, long number)
    {
        var bucket = BucketOf(tag);
        var first = bucket * Ways;
        var oldest = first;
        for (var slot = first; slot < first + Ways; slot++)
        {
            if (_raises[slot] > 0 && _tags[slot] == tag)
            {
                Volatile.Write(ref _raises[slot], number);
                return;
            }
            if (_raises[slot] < _raises[oldest])
                oldest = slot;
        }
        // In this order: nobody may find the old tag missing and the floor still low, or the new tag with the old raise.
        if (_raises[oldest] > _floors[bucket])
            Volatile.Write(ref _floors[bucket], _raises[oldest]);
        Volatile.Write(ref _raises[oldest], number);
        Volatile.Write(ref _tags[oldest], tag);
    }

    /// <summary>Every tag that is not listed may have been raised up to this number.</summary>
    public void RaiseFloor(long number) => Volatile.Write(ref _floor, Math.Max(_floor, number));

    private int BucketOf(ulong tag) => (int)(RoutingHash.Mix(tag) & (ulong)(_floors.Length - 1));
}
