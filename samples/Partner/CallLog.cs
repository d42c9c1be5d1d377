using System.Collections.Immutable;

namespace OrleansCache.Samples;

/// <summary>The calls of one path: how many there were, and when, oldest first.</summary>
internal sealed record PathCalls(long Count, ImmutableArray<DateTimeOffset> Times);

/// <summary>
/// Counts arrivals by path. Past <paramref name="capacity"/> instants the oldest goes; a path goes with its last one,
/// so that a scan of many paths stays bounded too. Not thread-safe.
/// </summary>
internal sealed class CallLog(int capacity)
{
    private readonly Dictionary<string, Arrivals> _paths = new(StringComparer.Ordinal);
    private readonly Queue<Arrivals> _inOrder = new();

    public void Record(string path, DateTimeOffset at)
    {
        if (_inOrder.Count == capacity)
            ForgetOldest();

        if (!_paths.TryGetValue(path, out var arrivals))
            _paths.Add(path, arrivals = new Arrivals(path));
        arrivals.Count++;
        arrivals.Times.Enqueue(at);
        _inOrder.Enqueue(arrivals);
    }

    public SortedDictionary<string, PathCalls> Snapshot()
    {
        var snapshot = new SortedDictionary<string, PathCalls>(StringComparer.Ordinal);
        foreach (var (path, arrivals) in _paths)
            snapshot.Add(path, new PathCalls(arrivals.Count, [.. arrivals.Times]));
        return snapshot;
    }

    public void Clear()
    {
        _paths.Clear();
        _inOrder.Clear();
    }

    private void ForgetOldest()
    {
        var oldest = _inOrder.Dequeue();
        oldest.Times.Dequeue();
        if (oldest.Times.Count == 0)
            _paths.Remove(oldest.Path);
    }

    private sealed class Arrivals(string path)
    {
        public string Path => path;

        public long Count { get; set; }

        public Queue<DateTimeOffset> Times { get; } = new();
    }
}
