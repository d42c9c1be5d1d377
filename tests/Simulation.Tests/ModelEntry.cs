namespace OrleansCache.Simulation.Tests;

/// <summary>One activation: the product's rules of entries, carried out as <see cref="Entry"/> does.</summary>
internal sealed class ModelEntry
{
    private readonly ModelSilo _silo;
    private readonly Cluster _cluster;
    private readonly int _key;
    private readonly ulong _hash;
    private readonly long _epoch;
    private long _beginning;
    private readonly RegionPolicy _policy;
    private readonly List<(long Version, Action<bool> Then)> _acks = [];
    private readonly List<Action> _readers = [];
    private EntryState _state;
    private bool _isReading;
    private bool _isFlushing;

    public ModelEntry(ModelSilo silo, Cluster cluster, int key)
    {
        (_silo, _cluster, _key, _hash, _policy) = (silo, cluster, key, Cluster.HashOf(key), Cluster.PolicyOf(key));
        (_epoch, _beginning) = (silo.State.EpochOf(_hash), silo.State.View.Beginning);
    }

    public bool HasEnded { get; private set; }

    public ModelSilo Silo => _silo;

    public bool MayBeEvicted => _state is { IsIdle: true, Unflushed: false } && !_isReading;

    private bool MayAnswer => (!_silo.Rules.Fence || _silo.FenceHolds) && CatchUp() && _silo.State.Owns(_hash);

    /// <summary>Ends when the key is not this silo's any more, or was not for a while.</summary>
    public bool CatchUp()
    {
        if (HasEnded)
            return false;
        if (_silo.State.IsPlacedHere(_hash) && (_silo.State.EpochOf(_hash) == _epoch || !_silo.Rules.EndOnEpoch))
        {
            if (_beginning != _silo.State.View.Beginning && _silo.Rules.ReadAfterBeginning && _policy.Durability != Durability.None)
            {
                _state = _state with { Stored = StoreKnowledge.Unread, Unflushed = _state.Content is not null };
                FlushSoon();
            }
            _beginning = _silo.State.View.Beginning;
            return true;
        }
        End();
        if (_state is { Unflushed: true, Stored: not StoreKnowledge.Unread })
            Pump(flush: true);
        return false;
    }

    /// <param name="then">The version found, 0 for none; null when it can't be told.</param>
    public void Read(Action<long?> then)
    {
        Ready(isReady =>
        {
            if (!isReady || !MayAnswer)
            {
                then(null);
                return;
            }
            _cluster.Served(_silo, _key, _epoch);
            then(ReadRules.Judge(_state, _silo.Clock.Now, tagsGood: true) == Freshness.Absent ? 0 : _state.Content!.Version);
        });
    }

    /// <param name="operation">The same for a repetition.</param>
    /// <param name="removes">A removal.</param>
    /// <param name="then">The version given; null when it is not known whether anything changed.</param>
    public void Change(Guid operation, bool removes, Action<long?> then)
    {
        Ready(isReady =>
        {
            if (!isReady || !MayAnswer)
            {
                then(null);
                return;
            }
            var (pending, past) = OperationRules.Find(_state, operation);
            if (past is { } before)
            {
                then(before.Version);
                return;
            }
            if (pending is null)
            {
                var at = new ChangeContext(_silo.Clock.Now, _policy, TagsGood: true, 0, 0, 0);
                (_state, var verdict) = removes
                    ? ChangeRules.Remove(_state, new() { OperationId = operation }, at)
                    : ChangeRules.Write(_state, new() { OperationId = operation, Bytes = [] }, at);
                if (verdict.Change is null)
                {
                    then(verdict.Version);
                    return;
                }
                pending = verdict.Change;
            }
            _acks.Add((pending.Version, isDone => then(isDone ? pending.Version : null)));
            Pump(flush: false);
        });
    }

    private void Ready(Action<bool> then)
    {
        if (!CatchUp() || !_silo.State.Owns(_hash))
            then(false);
        else
            ReadStore(then);
    }

    private void ReadStore(Action<bool> then)
    {
        if (_policy.Durability == Durability.None && _state.Stored == StoreKnowledge.Unread)
            _state = _state with { Stored = StoreKnowledge.Nothing };
        if (_state.Stored != StoreKnowledge.Unread)
        {
            then(true);
            return;
        }
        _readers.Add(() => then(!HasEnded && _state.Stored != StoreKnowledge.Unread));
        if (_isReading)
            return;
        (_isReading, var beginning) = (true, _beginning);
        _silo.Ask(() => _cluster.Store.Read(_key, _epoch), (found, came) =>
        {
            _isReading = false;
            if (came && found.RefusedByEpoch > 0)
                End();
            else if (came && beginning == _beginning)
                _state = StoreRules.Adopt(_state, found.Record, _silo.Clock.Now);
            var readers = _readers.ToArray();
            _readers.Clear();
            foreach (var reader in readers)
                reader();
        });
    }

    private void Pump(bool flush)
    {
        (_state, var job) = StoreRules.Next(_state, _policy, _epoch, flush, _silo.Clock.Now);
        if (job is null)
        {
            FlushSoon();
            return;
        }
        var record = job.Kind == StoreJobKind.Removal && !_silo.Rules.RemoveThrough ? null : job.Record;
        if (record is null)
        {
            Commit(job);
            return;
        }
        var beginning = _beginning;
        _silo.Ask(() => _cluster.Store.Write(_key, record), (written, came) =>
        {
            CatchUp();
            came &= beginning == _beginning || !_silo.Rules.ReadAfterBeginning;
            if (came && written.RefusedByEpoch > 0)
                End();
            if (came && written.Written)
                Commit(job);
            else
                Fail(maybeApplied: !came || written.RefusedByEpoch == 0);
        });
    }

    private void Commit(StoreJob job)
    {
        var ahead = job.CommitWait && _silo.Rules.CommitWait ? job.Batch[^1].Version - _silo.Clock.Earliest : 0;
        if (ahead > 0)
        {
            _silo.After(ahead + (ahead / 50), () => Commit(job));
            return;
        }
        if (job.Kind != StoreJobKind.Flush && !MayAnswer)
        {
            Fail(maybeApplied: true);
            return;
        }
        if (job.Kind != StoreJobKind.Flush)
            _cluster.Served(_silo, _key, _epoch);
        _state = StoreRules.Done(_state, _policy.Durability);
        foreach (var change in job.Batch)
            Acknowledge(change.Version, true);
        Pump(flush: false);
    }

    private void Fail(bool maybeApplied)
    {
        var isFlush = _state.Work!.Job!.Kind == StoreJobKind.Flush;
        (_state, var failed) = StoreRules.Failed(_state, maybeApplied);
        if (!_silo.Rules.ExpectLateWrites)
            _state = _state with { MayArrive = false };
        foreach (var change in failed)
            Acknowledge(change.Version, false);
        if (isFlush)
            FlushSoon();
        else
            Pump(flush: false);
    }

    private void FlushSoon()
    {
        if (!_state.Unflushed || _isFlushing || _policy.Durability == Durability.None)
            return;
        _isFlushing = true;
        _silo.After(500_000, () =>
        {
            _isFlushing = false;
            if (!HasEnded && _silo.State.Owns(_hash))
                ReadStore(isRead =>
                {
                    if (isRead)
                        Pump(flush: true);
                    else
                        FlushSoon();
                });
        });
    }

    private void Acknowledge(long version, bool isDone)
    {
        for (var i = _acks.Count - 1; i >= 0; i--)
        {
            if (_acks[i].Version != version)
                continue;
            var then = _acks[i].Then;
            _acks.RemoveAt(i);
            then(isDone);
        }
    }

    private void End() => HasEnded = true;
}
