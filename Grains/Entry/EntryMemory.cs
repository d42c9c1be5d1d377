using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>
/// Keeps the entries of a silo within their bounds, in number and bytes, for the silo and for each region that has its own.
/// Regions without bounds share one SIEVE; past the silo's bound the largest list gives. Thread-safe.
/// </summary>
internal sealed class EntryMemory
{
    /// <summary>So many may be on their way out before newcomers wait.</summary>
    private const int LeastBacklog = 1_000;

    private readonly Lock _lock = new();
    private readonly SieveList _shared = new() { MaxEntries = long.MaxValue, MaxBytes = long.MaxValue };
    private readonly Dictionary<string, SieveList> _regions = new(StringComparer.Ordinal);
    private readonly long _maxEntries;
    private readonly long _maxBytes;
    private readonly int _overhead;
    private long _entries;
    private long _bytes;
    private long _leaving;
    private long _evictions;
    private TaskCompletionSource? _room;

    public EntryMemory(IOptions<EntryMemoryOptions> options)
    {
        _maxEntries = options.Value.MaxEntries ?? long.MaxValue;
        _maxBytes = options.Value.MaxBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
        _overhead = options.Value.Overhead;
    }

    /// <summary>All that are in memory, those on their way out included.</summary>
    public long Entries => Interlocked.Read(ref _entries) + Interlocked.Read(ref _leaving);
    public long Bytes => Interlocked.Read(ref _bytes);
    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>What an entry is taken to need in all.</summary>
    public long BytesOf(string key, int valueBytes) => _overhead + (2L * key.Length) + valueBytes;

    /// <summary>Takes a node in, or moves it where its region's bounds are counted.</summary>
    public void Place(EntryNode node, RegionPolicy policy)
    {
        lock (_lock)
        {
            var list = ListOf(policy);
            if (node.List == list && node.IsIn)
                return;
            Withdraw(node);
            node.List = list;
            Enter(node, list);
        }

        Shrink();
    }

    public void Resize(EntryNode node, long bytes)
    {
        if (node.Bytes == bytes)
            return;
        lock (_lock)
        {
            if (node.IsIn || node.IsLeaving)
                _bytes += bytes - node.Bytes;
            if (node.List is { } list)
                list.Sieve.Resize(node, bytes);
            else
                node.Bytes = bytes;
        }

        Shrink();
    }

    /// <summary>A victim that is busy stays, as if it had been read.</summary>
    public void Readmit(EntryNode node)
    {
        lock (_lock)
        {
            if (!node.IsLeaving)
                return;
            Withdraw(node);
            node.Visited = true;
            Enter(node, node.List!);
        }

        GiveRoom();
    }

    public void Remove(EntryNode node)
    {
        lock (_lock)
            Withdraw(node);
        GiveRoom();
    }

    /// <summary>Those of whose keys this is true.</summary>
    /// <param name="isMeant">Takes the routing hash; must be quick.</param>
    public List<EntryNode> Where(Func<ulong, bool> isMeant)
    {
        var found = new List<EntryNode>();
        lock (_lock)
        {
            foreach (var list in _regions.Values.Append(_shared))
                foreach (var node in list.Sieve.Nodes())
                    if (node is EntryNode entry && isMeant(entry.KeyHash))
                        found.Add(entry);
        }
        return found;
    }

    /// <summary>Newcomers wait while too many are on their way out, so that a scan can't outrun eviction.</summary>
    public ValueTask RoomAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Interlocked.Read(ref _leaving) <= Backlog)
            return default;
        Task room;
        lock (_lock)
            room = (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        return new(Waits.EndsAsync(room, limit, time, cancellationToken).AsTask());
    }

    private long Backlog => Math.Max(LeastBacklog, _entries / 20);

    private SieveList ListOf(RegionPolicy policy)
    {
        if (policy.MaxEntries is null && policy.MaxBytes is null)
            return _shared;
        if (!_regions.TryGetValue(policy.Region, out var list))
            _regions[policy.Region] = list = new();
        list.MaxEntries = policy.MaxEntries ?? long.MaxValue;
        list.MaxBytes = policy.MaxBytes ?? long.MaxValue;
        return list;
    }

    private void Enter(EntryNode node, SieveList list)
    {
        list.Sieve.Add(node);
        _entries++;
        _bytes += node.Bytes;
    }

    private void Withdraw(EntryNode node)
    {
        if (node.IsLeaving)
            _leaving--;
        else if (node.IsIn)
            _entries--;
        else
            return;
        _bytes -= node.Bytes;
        node.IsLeaving = false;
        node.List!.Sieve.Remove(node);
    }

    private void Shrink()
    {
        while (NextVictim() is { } victim)
            victim.AskToLeave();
    }

    private EntryNode? NextVictim()
    {
        lock (_lock)
        {
            if (Crowded() is not { } list || list.Sieve.Evict() is not EntryNode victim)
                return null;
            victim.IsLeaving = true;
            _entries--;
            _leaving++;
            _evictions++;
            return victim;
        }
    }

    private SieveList? Crowded()
    {
        foreach (var (_, list) in _regions)
            if (list.Sieve.Count > list.MaxEntries || list.Sieve.Bytes > list.MaxBytes)
                return list;

        var (byBytes, byCount) = (_shared, _shared);
        long bytes = _shared.Sieve.Bytes, count = _shared.Sieve.Count;
        foreach (var (_, list) in _regions)
        {
            (bytes, count) = (bytes + list.Sieve.Bytes, count + list.Sieve.Count);
            byBytes = list.Sieve.Bytes > byBytes.Sieve.Bytes ? list : byBytes;
            byCount = list.Sieve.Count > byCount.Sieve.Count ? list : byCount;
        }

        return bytes > _maxBytes ? byBytes : count > _maxEntries ? byCount : null;
    }

    private void GiveRoom()
    {
        TaskCompletionSource? room = null;
        lock (_lock)
        {
            if (_leaving <= Backlog)
                (room, _room) = (_room, null);
        }

        room?.TrySetResult();
    }
}

/// <summary>A SIEVE with the bounds that it keeps.</summary>
internal sealed class SieveList
{
    public Sieve Sieve { get; } = new();
    public long MaxEntries { get; set; }
    public long MaxBytes { get; set; }
}

/// <summary>An entry's place in <see cref="EntryMemory"/>.</summary>
internal abstract class EntryNode : SieveNode
{
    public SieveList? List { get; set; }

    /// <summary>Chosen to leave and still here.</summary>
    public bool IsLeaving { get; set; }

    public abstract ulong KeyHash { get; }

    /// <summary>Called on any thread, outside the lock.</summary>
    public abstract void AskToLeave();

    /// <summary>Ends if the key is not this silo's any more; done when the store has what it shall have. Called on any thread.</summary>
    public abstract Task LetGoAsync();
}
