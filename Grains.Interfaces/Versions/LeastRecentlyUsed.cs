using System.Diagnostics.CodeAnalysis;

namespace OrleansCache;

/// <summary>Keeps what was used last, up to a bound. Thread-safe.</summary>
internal sealed class LeastRecentlyUsed<TKey, TValue>
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _newestFirst = [];
    private readonly Lock _gate = new();

    public int Count
    {
        get
        {
            lock (_gate)
                return _nodes.Count;
        }
    }

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_gate)
        {
            var found = _nodes.TryGetValue(key, out var node);
            value = found ? Use(node!).Value.Value : default;
            return found;
        }
    }

    /// <summary>Adds a value, or changes the one that is there; what was used longest ago goes beyond the bound.</summary>
    /// <param name="key">Of the value.</param>
    /// <param name="most">The bound, 1 or more.</param>
    /// <param name="value">If there is none.</param>
    /// <param name="change">Makes of the one that is there what it is to be.</param>
    /// <returns>What is there then.</returns>
    public TValue Put(TKey key, int most, TValue value, Func<TValue, TValue, TValue> change)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(key, out var node))
                return (Use(node).Value = (key, change(node.Value.Value, value))).Value;
            _nodes.Add(key, _newestFirst.AddFirst((key, value)));
            while (_nodes.Count > most)
            {
                _nodes.Remove(_newestFirst.Last!.Value.Key);
                _newestFirst.RemoveLast();
            }

            return value;
        }
    }

    /// <summary>Takes a value out.</summary>
    public bool TryTake(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_gate)
        {
            var found = _nodes.Remove(key, out var node);
            if (found)
                _newestFirst.Remove(node!);
            value = found ? node!.Value.Value : default;
            return found;
        }
    }

    private LinkedListNode<(TKey Key, TValue Value)> Use(LinkedListNode<(TKey Key, TValue Value)> node)
    {
        _newestFirst.Remove(node);
        _newestFirst.AddFirst(node);
        return node;
    }
}
