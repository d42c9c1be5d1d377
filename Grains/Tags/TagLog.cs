using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The tag log of a silo: a table in memory in front of a store. Raises that come together share a number.</summary>
internal sealed class TagLog(ITagStore store) : ITagLog
{
    private readonly TagTable _table = new();
    private readonly Lock _lock = new();
    private HashSet<ulong>? _gathering;
    private Task<long> _last = Task.FromResult(0L);
    private long _head;
    private long _generation;
    private long _seenAhead;
    private int _isRepairing;

    public long Head => Volatile.Read(ref _head);

    public long Generation => Volatile.Read(ref _generation);

    /// <summary>
    /// Learns what the store has and this silo has not; begins a new generation if the store lost raises. Called at start, before which
    /// all tagged entries are suspect, and from time to time where others may change the store.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store can't be reached.</exception>
    public Task SynchroniseAsync(CancellationToken cancellationToken) => AppendAsync([]).WaitAsync(cancellationToken);

    public bool IsGood(ReadOnlySpan<ulong> tagHashes, long born, long generation)
    {
        if (tagHashes.IsEmpty)
            return true;
        if (generation != Generation || generation == 0)
            return false;
        if (born > Head)
        {
            FoundBehind(born);
            return false;
        }
        foreach (var tag in tagHashes)
        {
            if (_table.LastRaise(tag) > born)
                return false;
        }
        return true;
    }

    public async ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken)
        => tags.IsDefaultOrEmpty ? Head : await AppendAsync(TagHash.Of(tags)).WaitAsync(cancellationToken).ConfigureAwait(false);

    // One append is on its way at a time; the next takes all that gather meanwhile.
    private Task<long> AppendAsync(ReadOnlySpan<ulong> tags)
    {
        lock (_lock)
        {
            if (_gathering is null)
            {
                _gathering = [];
                _last = AppendAfterAsync(_last);
            }
            foreach (var tag in tags)
                _gathering.Add(tag);
            return _last;
        }
    }

    private async Task<long> AppendAfterAsync(Task previous)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        ulong[] tags;
        lock (_lock)
        {
            tags = [.. _gathering!];
            _gathering = null;
        }
        var changes = await store.AppendAsync(Math.Max(Head, Volatile.Read(ref _seenAhead)), tags, CancellationToken.None).ConfigureAwait(false);
        Apply(changes);
        return changes.Head;
    }

    private void Apply(TagChanges changes)
    {
        if (changes.Floor > Head)
            _table.RaiseFloor(changes.Floor);
        foreach (var raise in changes.Raises)
        {
            foreach (var tag in raise.Tags)
                _table.Raise(tag, raise.Number);
        }
        Volatile.Write(ref _generation, changes.Generation);
        Volatile.Write(ref _head, Math.Max(Head, changes.Head));
    }

    // An entry knows of raises that the log does not: the store lost them, and older entries may have missed them.
    private void FoundBehind(long born)
    {
        if (Interlocked.Exchange(ref _isRepairing, 1) != 0)
            return;
        Volatile.Write(ref _seenAhead, Math.Max(_seenAhead, born));
        _ = RepairAsync();
    }

    private async Task RepairAsync()
    {
        await ((Task)AppendAsync([])).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Write(ref _isRepairing, 0);
    }
}
