namespace OrleansCache;

/// <summary>
/// SIEVE (Zhang et al., NSDI '24): a queue in order of arrival and a hand that moves from old to new. A read sets one bit;
/// the hand clears bits and takes the first node without one. Intrusive, not thread-safe.
/// </summary>
internal sealed class Sieve
{
    private SieveNode? _newest;
    private SieveNode? _oldest;
    private SieveNode? _hand;

    public int Count { get; private set; }
    public long Bytes { get; private set; }

    public void Add(SieveNode node)
    {
        (node.Newer, node.Older) = (null, _newest);
        if (_newest is not null)
            _newest.Newer = node;
        _newest = node;
        _oldest ??= node;
        node.IsIn = true;
        Count++;
        Bytes += node.Bytes;
    }

    public void Remove(SieveNode node)
    {
        if (!node.IsIn)
            return;
        if (_hand == node)
            _hand = node.Newer;
        if (node.Newer is null)
            _newest = node.Older;
        else
            node.Newer.Older = node.Older;
        if (node.Older is null)
            _oldest = node.Newer;
        else
            node.Older.Newer = node.Newer;
        (node.Newer, node.Older, node.IsIn) = (null, null, false);
        Count--;
        Bytes -= node.Bytes;
    }

    /// <summary>From the oldest to the newest.</summary>
    public IEnumerable<SieveNode> Nodes()
    {
        for (var node = _oldest; node is not null; node = node.Newer)
            yield return node;
    }

    public void Resize(SieveNode node, long bytes)
    {
        if (node.IsIn)
            Bytes += bytes - node.Bytes;
        node.Bytes = bytes;
    }

    /// <summary>Takes the next victim out; null when nothing is left.</summary>
    public SieveNode? Evict()
    {
        var hand = _hand ?? _oldest;
        if (hand is null)
            return null;
        while (hand.Visited)
        {
            hand.Visited = false;
            hand = hand.Newer ?? _oldest!;
        }

        _hand = hand;
        Remove(hand);
        return hand;
    }
}

/// <summary>A place in a <see cref="Sieve"/>, held by what it stands for.</summary>
internal class SieveNode
{
    /// <summary>Set by a read without a lock; a lost update costs nothing.</summary>
    public bool Visited { get; set; }
    public bool IsIn { get; set; }
    public long Bytes { get; set; }
    public SieveNode? Newer { get; set; }
    public SieveNode? Older { get; set; }
}
