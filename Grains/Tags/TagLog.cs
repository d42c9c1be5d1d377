using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>
/// The tag log of a silo: a table in memory in front of a store. Raises that come together share a number. Where silos share the store,
/// the table is good for a lease that each question renews, and a raise waits until all have it.
/// </summary>
internal sealed class TagLog(ITagStore store, CoarseClock clock, TimeProvider time) : ITagLog
{
    /// <summary>How long a lease is good for.</summary>
    public static readonly TimeSpan LeaseSpan = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);
    private const long FirstPause = 20;
    private const long LongestPause = 200;

    private readonly bool _isShared = store is ISharedTagStore;
    private readonly TagTable _table = new();
    private readonly Lock _lock = new();
    private TagLogState _state = new((long)LeaseSpan.TotalMilliseconds);
    private HashSet<ulong>? _gathering;
    private Task<long> _last = Task.FromResult(0L);
    private readonly NextChange _news = new();
    private long _ahead;
    private int _raises;
    private bool _isBehind;
    private bool _hasLeft;

    public long Head => State.Known.Number;

    public long Generation => State.Known.Generation;

    public bool IsProven => !_isShared || (!Volatile.Read(ref _hasLeft) && State.IsProven(clock.Milliseconds));

    /// <summary>Somebody told of a raise since the store was last asked.</summary>
    public bool IsBehind => Volatile.Read(ref _isBehind);

    /// <summary>Completes at the next hint.</summary>
    public Task News => _news.Task;

    private TagLogState State => Volatile.Read(ref _state);

    /// <summary>
    /// Learns what the store has and this silo has not, and tells it so; begins a new generation if the store lost raises. Called at start,
    /// before which all tagged entries are suspect, and from time to time where others may change the store.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store can't be reached.</exception>
    public async Task SynchroniseAsync(CancellationToken cancellationToken)
    {
        do
            await AppendAsync([]).WaitAsync(cancellationToken).ConfigureAwait(false);
        while (State.MustTell);
    }

    /// <summary>Word of the log's last number, when it grew or when all have it.</summary>
    public void Hint(long generation, long number)
    {
        if (generation != Generation || number > Head)
            Volatile.Write(ref _isBehind, true);
        _news.Happened();
    }

    /// <summary>Serves nothing tagged any more, so that no raise waits for this silo.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _hasLeft, true);
        Task last;
        lock (_lock)
            last = _last;
        await last.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (store is ISharedTagStore shared)
            await shared.LeaveAsync(cancellationToken).ConfigureAwait(false);
    }

    public bool IsGood(ReadOnlySpan<ulong> tagHashes, long born, long generation)
    {
        if (tagHashes.IsEmpty)
            return true;
        var known = State.Known;
        if (generation != known.Generation || generation == 0 || born > known.Number)
            return false;
        foreach (var tag in tagHashes)
        {
            if (_table.LastRaise(tag) > born)
                return false;
        }
        return true;
    }

    public long LastRaise(ulong tagHash) => _table.LastRaise(tagHash);

    public async ValueTask<bool> ProveAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!IsProven && !Volatile.Read(ref _hasLeft))
            await ((Task)AppendAsync([])).WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return IsProven;
    }

    public async ValueTask LearnAsync(long born, long generation, CancellationToken cancellationToken)
    {
        var known = State.Known;
        if (generation == known.Generation && born <= known.Number)
            return;
        if (generation == known.Generation)
            Highest.Raise(ref _ahead, born);
        await AppendAsync([]).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken)
    {
        if (tags.IsDefaultOrEmpty)
            return Head;
        Interlocked.Increment(ref _raises);
        try
        {
            return await RaiseAsync(TagHash.Of(tags), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _raises);
        }
    }

    private async ValueTask<long> RaiseAsync(ulong[] tags, CancellationToken cancellationToken)
    {
        var news = News;
        var number = await AppendAsync(tags).WaitAsync(cancellationToken).ConfigureAwait(false);
        for (var pause = FirstPause; State is var state && !state.AllHave(number); pause = Math.Min(pause * 2, LongestPause))
        {
            if (!state.MustTell)
            {
                var now = clock.Milliseconds;
                var patience = TimeSpan.FromMilliseconds(Math.Max(1, state.NextLook(now + pause) - now));
                await news.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
            news = News;
            await AppendAsync([]).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        return number;
    }

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
        var isHinted = Interlocked.Exchange(ref _isBehind, false);
        var state = State;
        var sentAt = clock.Milliseconds;
        var append = new TagAppend(state.Known, Volatile.Read(ref _ahead), tags)
        {
            Gone = state.Gone,
            WaitedOut = state.WaitedOut,
            IsShort = Volatile.Read(ref _raises) == 0 && !state.ShouldSeeOthers(isHinted, sentAt),
        };
        var changes = await AskAsync(append).ConfigureAwait(false);
        TakeUp(changes);
        Volatile.Write(ref _state, state.Observe(append.Known, changes, sentAt, clock.Milliseconds));
        return changes.Head;
    }

    private async ValueTask<TagChanges> AskAsync(TagAppend append)
    {
        if (!_isShared)
            return await store.AppendAsync(append, CancellationToken.None).ConfigureAwait(false);
        try
        {
            return await store.AppendAsync(append, CancellationToken.None).AsTask().WaitAsync(AnswerLimit, time).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new StoreUnavailableException($"The tag log did not answer within {AnswerLimit.TotalSeconds} s.", maybeApplied: true, exception);
        }
    }

    private void TakeUp(TagChanges changes)
    {
        if (changes.Floor > Head)
            _table.RaiseFloor(changes.Floor);
        foreach (var raise in changes.Raises)
        {
            foreach (var tag in raise.Tags)
                _table.Raise(tag, raise.Number);
        }
    }
}
