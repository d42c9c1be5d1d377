namespace OrleansCache.Simulation.Tests;

/// <summary>A silo with the product's tag table and its lease on the log. What is around them here is <see cref="TagLog"/> in small.</summary>
internal sealed class ModelTagSilo
{
    private readonly TagCluster _cluster;
    private readonly TagTable _table = new(64);
    private readonly double _rate;
    private readonly long _offset;
    private readonly Guid _id;
    private readonly List<(TagPosition Raise, Action<TagPosition> Then)> _waiting = [];
    private List<(ulong Tag, Action<TagPosition> Then)> _gathering = [];
    private TagLogState _state = new(3000);
    private long _pausedUntil;
    private long _looks;
    private bool _isAsking;
    private bool _isWanted;
    private bool _isHinted;

    public ModelTagSilo(TagCluster cluster)
    {
        (_cluster, _rate) = (cluster, 1 + ((cluster.World.Random.NextDouble() - 0.5) / 100));
        (_offset, _id) = (cluster.World.Random.NextInt64(1, 1_000_000_000), cluster.World.Dice.Id());
        if (!cluster.Rules.Outwait)
            _state = _state with { OutwaitSpan = 1100 };
        cluster.Store.Published += Hint;
        Look();
    }

    public bool IsGone { get; private set; }

    public bool IsAwake => !IsGone && World.Now >= _pausedUntil;

    public long CutUntil { get; set; }

    /// <summary>Of every raise that it has taken up.</summary>
    public HashSet<long> Stamps { get; } = [];

    public TagPosition Known => _state.Known;

    public bool IsProven => !_cluster.Rules.Lease ? _state.LeaseEnd > 0 : _state.IsProven(Milliseconds);

    private World World => _cluster.World;

    private long Milliseconds => (_offset + (long)(World.Now * _rate)) / 4000 * 4;

    public override string ToString() => _id.ToString()[..4];

    public bool IsGood(ulong tag, in TagPosition born) =>
        born.Generation == Known.Generation && born.Number <= Known.Number && _table.LastRaise(tag) <= born.Number;

    public void Raise(ulong tag, Action<TagPosition> then)
    {
        _gathering.Add((tag, then));
        Look();
    }

    public void Pause(long micros) => _pausedUntil = World.Now + micros;

    public void Kill(bool leaves)
    {
        IsGone = true;
        _cluster.Store.Published -= Hint;
        World.Tell($"{this} is gone");
        if (leaves)
            _cluster.Travel(this, () => _cluster.Store.Leave(_id));
    }

    private void Hint(long generation, long number)
    {
        _cluster.Traffic.Hint();
        if (World.Chance(0.8) || !_cluster.LosesHints)
            World.In(World.Between(0.2, 3), () => WhenAwake(() =>
            {
                if (_waiting.Count > 0 || generation != Known.Generation || number > Known.Number)
                {
                    _isHinted = true;
                    Look();
                }
            }));
    }

    private void Look()
    {
        if (_isAsking)
        {
            _isWanted = true;
            return;
        }
        (_isAsking, _isWanted) = (true, false);
        var (state, gathered, sentAt, mine) = (_state, _gathering, Milliseconds, ++_looks);
        _gathering = [];
        var append = new TagAppend(state.Known, 0, [.. gathered.Select(static raise => raise.Tag).Distinct()]) 
        {
            Gone = state.Gone,
            WaitedOut = state.WaitedOut,
            IsShort = gathered.Count + _waiting.Count == 0 && !state.ShouldSeeOthers(_isHinted, sentAt),
        };
        _isHinted = false;
        After(1_000_000, () => Done(mine, null));
        _cluster.Travel(this, () =>
        {
            if (_cluster.Store.IsDown)
                return;
            var changes = _cluster.Store.Append(_id, append);
            _cluster.Traffic.Call(append, changes);
            _cluster.Travel(this, () => WhenAwake(() => Done(mine, () => TakeUp(state, append, changes, gathered, sentAt))));
        });
    }

    private void TakeUp(TagLogState state, TagAppend append, TagChanges changes, List<(ulong Tag, Action<TagPosition> Then)> gathered, long sentAt)
    {
        if (changes.Floor > Known.Number)
            _table.RaiseFloor(changes.Floor);
        foreach (var raise in changes.Raises)
            foreach (var tag in raise.Tags)
                _table.Raise(tag, raise.Number);
        if (changes.Stamp != 0)
            Stamps.Add(changes.Stamp);
        var countsFrom = _cluster.Rules.CountFromSending ? sentAt : Milliseconds;
        _state = state.Observe(append.Known, changes, countsFrom, Milliseconds);
        if (!_cluster.Rules.DoubtBeginning)
            _state = _state with { LeaseEnd = countsFrom + _state.Span };
        if (!_cluster.Rules.WaitOutBeginning)
            _state = _state with { WaitsOut = false };
        World.Tell($"{this} knows {Known.Number} of {Known.Generation % 1000}, told {_state.Told}, others {string.Join(' ', _state.Others.Select(other => $"{other.Reader.Id.ToString()[..4]}:{other.Reader.Known}"))}{(_state.WaitsOut ? " waits" : "")}");
        foreach (var (_, then) in gathered)
            _waiting.Add((Known, then));
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_cluster.Rules.WaitForOthers && !_state.AllHave(_waiting[i].Raise.Number))
                continue;
            var (raise, then) = _waiting[i];
            _waiting.RemoveAt(i);
            then(raise);
        }
    }

    // As TagLog and its watch pace their looks.
    private void Done(long look, Action? answer)
    {
        if (look != _looks || !_isAsking)
            return;
        _isAsking = false;
        answer?.Invoke();
        if (_isWanted || _gathering.Count > 0 || (answer is not null && _state.MustTell))
        {
            Look();
            return;
        }
        After(answer is null ? 200_000 : _waiting.Count > 0 ? World.Between(20, 200) : 1_000_000, () =>
        {
            if (look == _looks)
                Look();
        });
    }

    private void After(long micros, Action what) => World.In((long)(micros / _rate) + 1, () => WhenAwake(what));

    private void WhenAwake(Action what)
    {
        if (IsGone)
            return;
        if (World.Now < _pausedUntil)
            World.In(_pausedUntil - World.Now, () => WhenAwake(what));
        else
            what();
    }
}
