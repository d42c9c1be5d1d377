namespace OrleansCache.Simulation.Tests;

/// <summary>Redis, as far as the protocol knows it: atomic steps, a clock that may be set, and ways to lose what was acknowledged.</summary>
internal sealed class ModelStore(World world, Rules rules)
{
    private readonly Dictionary<Guid, SiloLease> _leases = [];
    private readonly Dictionary<int, EntryRecord> _records = [];
    private readonly List<(long At, Action Undo)> _undo = [];
    private (long Version, LimiterState? State) _limiter;
    private ClusterView? _view;
    private int _run = 1;
    private int _began;
    private long _clockSet;

    public event Action<long>? Published;

    /// <summary>The last instant at which something acknowledged was lost.</summary>
    public event Action? Lost;

    public bool IsDown { get; set; }

    /// <summary>How often its clock was set.</summary>
    public int Steps { get; private set; }

    public ClusterView? View => _view;

    /// <summary>How often something acknowledged was lost.</summary>
    public int Losses { get; private set; }

    /// <summary>The limiter's record, and after how many losses it was read.</summary>
    public (long Version, LimiterState? State, int Losses) Limiter => (_limiter.Version, _limiter.State, Losses);

    private long Time => 1_800_000_000_000_000 + world.Now + _clockSet;

    public OwnershipSnapshot Renew(long? expected, Guid incarnation, long sealedView)
    {
        var applied = expected is not null && _began == _run && _view?.Number == expected;
        if (applied)
            SetLease(incarnation, new(_leases.GetValueOrDefault(incarnation).Counter + 1, sealedView));
        return Snapshot(applied);
    }

    public OwnershipSnapshot Publish(ViewChange change, Guid incarnation)
    {
        if (_view?.Number != change.Expected || (_began != _run && !change.Begins))
            return Snapshot(false);
        foreach (var (outwaited, lease) in change.Outwaited)
            if (_leases.GetValueOrDefault(outwaited) != lease)
                return Snapshot(false);

        var (view, began) = (_view, _began);
        _undo.Add((world.Now, () => (_view, _began) = (view, began)));
        (_view, _began) = (change.Next, _run);
        foreach (var gone in _leases.Keys.Where(lease => change.Next.Find(lease) is null).ToArray())
            SetLease(gone, null);
        if (change.Next.Find(incarnation) is not null)
            SetLease(incarnation, new(_leases.GetValueOrDefault(incarnation).Counter + 1, change.Sealed));
        world.Tell($"store: view {change.Next.Number % 1_000_000} [{string.Join(' ', change.Next.Members.Select(m => m.Name + (m.IsLeaving ? "-" : "")))}]{(change.Begins ? " begins" : "")}{(change.Next.WaitsOut ? " waits" : "")}");
        Published?.Invoke(change.Next.Number);
        return Snapshot(true);
    }

    public StoreReadResult Read(int key, long epoch)
    {
        var stored = _records.GetValueOrDefault(key);
        if (stored?.Epoch > epoch)
            return new(null, stored.Epoch);
        if (rules.RaiseEpoch)
            Set(key, (stored ?? new() { Kind = RecordKind.Claim }) with { Epoch = epoch });
        return new(stored is null or { Kind: RecordKind.Claim } ? null : stored with { Epoch = epoch }, 0);
    }

    public StoreWriteResult Write(int key, EntryRecord record)
    {
        RecordStamp? stored = _records.TryGetValue(key, out var there) ? Stamp(there) : null;
        var verdict = WriteRule.Judge(stored, Stamp(record));
        if (verdict == WriteVerdict.Write)
            Set(key, record);
        world.Tell($"store: write k{key} epoch {record.Epoch % 1_000_000} version {record.Version % 100_000_000}: {verdict}");
        return new(verdict is WriteVerdict.Write or WriteVerdict.Repeated, verdict == WriteVerdict.RefuseByEpoch ? there!.Epoch : 0);
    }

    /// <summary>Replaces the limiter's record unless somebody else did.</summary>
    public bool WriteLimiter(long expected, long next, LimiterState state)
    {
        world.Tell($"store: limiter's record, {state.Open} open: {(_limiter.Version == expected ? "Write" : "Refuse")}");
        if (_limiter.Version != expected)
            return false;
        var before = _limiter;
        _undo.Add((world.Now, () => _limiter = before));
        _limiter = (next, state);
        return true;
    }

    /// <summary>Comes back as another run of the server, without what it had acknowledged since then.</summary>
    public void FailOver(long lost)
    {
        var since = world.Now - lost;
        var any = false;
        while (_undo is [.., var last] && last.At >= since)
        {
            last.Undo();
            _undo.RemoveAt(_undo.Count - 1);
            any = true;
        }
        _undo.Clear();
        _run++;
        world.Tell($"store: starts again without its last {lost / 1000} ms, view {_view?.Number % 1_000_000}");
        if (any)
            Lose();
    }

    public void SetClock(long by)
    {
        (_clockSet, Steps) = (_clockSet + by, Steps + 1);
        world.Tell($"store: its clock is set by {by / 1000} ms");
    }

    public void Flush()
    {
        _leases.Clear();
        _records.Clear();
        _undo.Clear();
        (_view, _limiter) = (null, default);
        world.Tell("store: emptied");
        Lose();
    }

    private void Lose()
    {
        Losses++;
        Lost?.Invoke();
    }

    private static RecordStamp Stamp(EntryRecord record) => new(record.Epoch, record.OperationId, record.Version);

    private OwnershipSnapshot Snapshot(bool applied) =>
        new(_view, new Dictionary<Guid, SiloLease>(_leases), Time, applied, _began == _run || !rules.NoticeRestart);

    private void SetLease(Guid incarnation, SiloLease? lease)
    {
        var before = _leases.TryGetValue(incarnation, out var there) ? there : (SiloLease?)null;
        _undo.Add((world.Now, () => Put(_leases, incarnation, before)));
        Put(_leases, incarnation, lease);
    }

    private void Set(int key, EntryRecord record)
    {
        var before = _records.GetValueOrDefault(key);
        _undo.Add((world.Now, () =>
        {
            if (before is null)
                _records.Remove(key);
            else
                _records[key] = before;
        }));
        _records[key] = record;
    }

    private static void Put(Dictionary<Guid, SiloLease> leases, Guid incarnation, SiloLease? lease)
    {
        if (lease is { } there)
            leases[incarnation] = there;
        else
            leases.Remove(incarnation);
    }
}
