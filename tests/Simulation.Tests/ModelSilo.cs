namespace OrleansCache.Simulation.Tests;

/// <summary>
/// A silo's process: the product's rules under a clock of its own, which may be paused, cut off from the store or killed. What is around the
/// rules here is <see cref="LeasedOwnership"/> in small.
/// </summary>
internal sealed class ModelSilo
{
    private const long Second = 1_000_000;
    private readonly Cluster _cluster;
    private readonly Dictionary<int, ModelEntry> _entries = [];
    private readonly double _rate;
    private readonly long _offset;
    private long _pausedUntil;
    private long _nextLook = long.MaxValue;
    private long _lastLook;
    private long _soon = 20;
    private bool _isLooking;
    private bool _isWanted;
    private bool _isAway;
    private bool _isSealing;

    public ModelSilo(Cluster cluster, string name)
    {
        _cluster = cluster;
        _rate = 1 + ((World.Random.NextDouble() - 0.5) / 100);
        _offset = World.Random.NextInt64(1, 1_000_000_000);
        Time = new LocalTime(this);
        Clock = new(Time);
        Limiter = new(this, cluster);
        Span<byte> id = stackalloc byte[16];
        World.Random.NextBytes(id);
        State = new(new(new(id), name, 1, "host"), 3000);
        if (!Rules.Outwait)
            State = State with { OutwaitSpan = 1100 };
        _cluster.Store.Published += Hint;
        Look();
    }

    public OwnershipState State { get; private set; }

    public TimeProvider Time { get; }

    public SampledClusterClock Clock { get; }

    /// <summary>How often the store's clock had been set when this silo last looked at it.</summary>
    public int ClockSteps { get; private set; }

    public ModelLimiter Limiter { get; }

    public World World => _cluster.World;

    public Rules Rules => _cluster.Rules;

    public bool IsGone { get; private set; }

    /// <summary>Nothing gets from here to the store, or back, before this instant.</summary>
    public long CutUntil { get; set; }

    /// <summary>What gets from here to the store is late until this instant.</summary>
    public long SlowUntil { get; set; }

    public string Name => State.Self.Name;

    public long LocalMicros => _offset + (long)(World.Now * _rate);

    /// <summary>As coarse as the kernel's.</summary>
    public long Milliseconds => LocalMicros / 4000 * 4;

    public bool FenceHolds => State.FenceHolds(Milliseconds);

    public override string ToString() => $"{Name}/{State.Self.Incarnation.ToString()[..4]}";

    /// <summary>Runs in this process after some of its own time, or when it is awake again; not at all once it is gone.</summary>
    public void After(long micros, Action what) => World.In((long)(micros / _rate) + 1, () => WhenAwake(what));

    public void Pause(long micros)
    {
        World.Tell($"{this} pauses for {micros / 1000} ms");
        _pausedUntil = World.Now + micros;
    }

    public void Kill()
    {
        World.Tell($"{this} is gone");
        IsGone = true;
        _cluster.Store.Published -= Hint;
    }

    public void Leave()
    {
        if (IsGone)
            return;
        World.Tell($"{this} leaves");
        State = State with { IsLeaving = true };
        Look();
    }

    public ModelEntry Entry(int key)
    {
        if (!_entries.TryGetValue(key, out var entry) || entry.HasEnded || (entry.MayBeEvicted && World.Chance(0.05)))
            _entries[key] = entry = new(this, _cluster, key);
        return entry;
    }

    /// <summary>A question to the store: each way takes its time, and may fail. Asked back once, with the answer or, after a second, without.</summary>
    public void Ask<T>(Func<T> atStore, Action<T?, bool> then, Dice? dice = null)
    {
        dice ??= World.Dice;
        var isOver = false;
        After(Second, () => End(default, false));
        _cluster.Travel(this, () =>
        {
            if (_cluster.Store.IsDown)
                return;
            var answer = atStore();
            _cluster.Travel(this, () => WhenAwake(() => End(answer, true)), isBack: true, dice);
        }, isBack: false, dice);

        void End(T? answer, bool came)
        {
            if (isOver)
                return;
            isOver = true;
            then(answer, came);
        }
    }

    private void WhenAwake(Action what)
    {
        if (IsGone)
            return;
        if (World.Now < _pausedUntil)
            World.In(_pausedUntil - World.Now, () => WhenAwake(what));
        else
            what();
    }

    private void Hint(long view)
    {
        if (World.Chance(0.8))
            World.In(World.Between(0.2, 3), () => WhenAwake(() =>
            {
                if (view > State.View.Number)
                    Look();
            }));
    }

    private void Look()
    {
        if (_isLooking)
        {
            _isWanted = true;
            return;
        }
        (_isLooking, _isWanted) = (true, false);
        var (state, sentAt, sampledAt, steps) = (State, Milliseconds, Clock.Timestamp(), 0);
        Ask(() => AtStore(store => store.Renew(state.RenewsIn, state.Self.Incarnation, state.Sealed)), (snapshot, came) =>
        {
            if (!came)
            {
                Done(isAway: true);
                return;
            }
            Observe(snapshot!, sentAt, sampledAt, steps);
            if (State.Propose(snapshot!, Milliseconds) is not { } change)
            {
                Done(isAway: false);
                return;
            }
            if (!Rules.NumberByTime && change.Begins)
                change = Renumbered(change, Math.Max(State.HighestView, snapshot!.View?.Number ?? 0) + 1);
            (sentAt, sampledAt) = (Milliseconds, Clock.Timestamp());
            Ask(() => AtStore(store => store.Publish(change, State.Self.Incarnation)), (published, answered) =>
            {
                if (answered)
                    Observe(published!, sentAt, sampledAt, steps);
                Done(!answered);
            });
        });

        OwnershipSnapshot AtStore(Func<ModelStore, OwnershipSnapshot> step)
        {
            steps = _cluster.Store.Steps;
            return step(_cluster.Store);
        }
    }

    private static ViewChange Renumbered(ViewChange change, long number) =>
        change with { Next = change.Next with { Number = number, Beginning = number }, Sealed = change.Sealed == change.Next.Number ? number : change.Sealed };

    private void Observe(OwnershipSnapshot snapshot, long sentAt, long sampledAt, int steps)
    {
        var before = State;
        ClockSteps = steps;
        Clock.Add(sampledAt, snapshot.StoreTime, Clock.Timestamp());
        State = State.Observe(snapshot, Rules.CountFromSending ? sentAt : Milliseconds, Milliseconds);
        if (!Rules.Seal)
            State = State with { Settled = State.View.Number };
        if (!Rules.WaitOutBeginning)
            State = State with { FenceStart = 0 };
        if (State.View.Number < before.View.Number)
            throw new BrokenPromiseException($"{this} went from view {before.View.Number} back to {State.View.Number}");
        if (State.View.Number > before.View.Number)
        {
            _soon = 20;
            World.Tell($"{this} goes by view {State.View.Number % 1_000_000}{(State.Keys is null ? ", which is without it" : "")}");
            foreach (var entry in _entries.Values.ToArray())
                entry.CatchUp();
            Seal();
        }
        if (State.Settled != before.Settled)
            World.Tell($"{this} sees view {State.Settled % 1_000_000} settled");
        _cluster.CheckOwners();
    }

    private void Seal()
    {
        if (_isSealing || !State.MustSeal)
            return;
        _isSealing = true;
        var view = State.View.Number;
        After(World.Chance(0.3) ? World.Between(1, 300) : 0, () =>
        {
            _isSealing = false;
            State = State.Gave(view);
            Look();
            Seal();
        });
    }

    // As LeasedOwnership paces its looks.
    private void Done(bool isAway)
    {
        (_isLooking, _isAway, _lastLook) = (false, isAway, Milliseconds);
        if (State.HasLeft)
        {
            Kill();
            return;
        }
        if (_isWanted)
        {
            Look();
            return;
        }
        var isDue = State.IsLost || (State.IsLeaving ? !State.MustSeal : State.Keys is null);
        if (!isDue && State.IsSettled)
            _soon = 20;
        else
            _soon = Math.Min(_soon * 2, 200);
        var pause = _isAway ? 200 : Math.Max(1, State.NextLook(_lastLook + (!isDue && State.IsSettled ? 1000 : _soon)) - _lastLook);
        _nextLook = LocalMicros + (pause * 1000);
        var mine = _nextLook;
        After(pause * 1000, () =>
        {
            if (!_isLooking && mine == _nextLook)
                Look();
        });
    }

    private sealed class LocalTime(ModelSilo silo) : TimeProvider
    {
        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => silo.LocalMicros;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new LocalTimer(silo, () => callback(state));
            timer.Change(dueTime, period);
            return timer;
        }
    }

    /// <summary>Fires once.</summary>
    private sealed class LocalTimer(ModelSilo silo, Action fire) : ITimer
    {
        private int _number;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var mine = ++_number;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                silo.After(dueTime.Ticks / TimeSpan.TicksPerMicrosecond, () =>
                {
                    if (mine == _number)
                        fire();
                });
            }
            return true;
        }

        public void Dispose() => _number = -1;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
