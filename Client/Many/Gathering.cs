namespace OrleansCache;

/// <summary>
/// Gathers the keys of one list whose values fall to this process to make, until every key of the list has had its first answer; then what makes
/// them runs once for all. A key that somebody else loads holds up nobody. Thread-safe.
/// </summary>
/// <param name="run">Makes what was gathered: the items of one round, all of one kind.</param>
/// <param name="clock">Ends the wait for slow answers.</param>
internal sealed class Gathering<TItem, TMade>(Func<IReadOnlyList<TItem>, Task<TMade>> run, TimeProvider clock) : IGathering, IDisposable
{
    /// <summary>A silo that is slow to answer holds up what the others gave no longer than this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Keys that fall to this process later are gathered this long.</summary>
    private static readonly TimeSpan LateComers = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _calls = new(Concurrently.Degree);
    private Dictionary<int, Round> _rounds = [];
    private int _undecided = 1;     // the caller, who has not named all keys yet

    /// <summary>Every key has been asked for.</summary>
    public void Dispose() => Leave();

    public void Enter()
    {
        lock (_gate)
            _undecided++;
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_undecided > 0)
                return;
        }

        Run();
    }

    public async ValueTask<Slot> CallAsync()
    {
        await _calls.WaitAsync().ConfigureAwait(false);
        return new(_calls);
    }

    /// <summary>Waits for the round that makes the item.</summary>
    /// <param name="item">What is to be made.</param>
    /// <param name="kind">Items of one kind are made together.</param>
    /// <param name="seat">The item's.</param>
    public Task<TMade> MakeAsync(TItem item, int kind, BatchSeat seat)
    {
        Round? round;
        lock (_gate)
        {
            if (!_rounds.TryGetValue(kind, out round))
                _rounds.Add(kind, round = new(this, clock, _undecided > 0 ? Patience : LateComers));
            round.Items.Add(item);
        }

        seat.Leave();
        return round.Done.Task;
    }

    private void Run()
    {
        Dictionary<int, Round> due;
        lock (_gate)
            (due, _rounds) = (_rounds, []);
        foreach (var round in due.Values)
            _ = round.RunAsync(run);
    }

    private sealed class Round(Gathering<TItem, TMade> all, TimeProvider clock, TimeSpan patience)
    {
        private readonly ITimer _patience = clock.CreateTimer(static all => ((Gathering<TItem, TMade>)all!).Run(), all, patience, Timeout.InfiniteTimeSpan);

        public List<TItem> Items { get; } = [];

        public TaskCompletionSource<TMade> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task RunAsync(Func<IReadOnlyList<TItem>, Task<TMade>> run)
        {
            await _patience.DisposeAsync().ConfigureAwait(false);
            try
            {
                Done.SetResult(await run(Items).ConfigureAwait(false));
            }
#pragma warning disable CA1031 // it is each item's failure
            catch (Exception e)
#pragma warning restore CA1031
            {
                Done.SetException(e);
            }
        }
    }
}
