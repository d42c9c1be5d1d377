namespace OrleansCache;

/// <summary>Between the entry and the store: the first read, and one write at a time.</summary>
internal sealed partial class Entry
{
    /// <summary>Finds out what the store holds; false when it can't be reached in time.</summary>
    private async ValueTask<bool> ReadStoreAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (_state.Stored != StoreKnowledge.Unread)
            return true;
        if (_policy.Durability == Durability.None)
        {
            _state = _state with { Stored = StoreKnowledge.Nothing };
            return true;
        }

        if (_tasks?.Reading is null)
        {
            if (_tasks is { NextReadTry: > 0 } tasks && Now < tasks.NextReadTry)
                return false;
            var reading = ReadStoreOnceAsync();
            if (reading.IsCompleted)
                return _state.Stored != StoreKnowledge.Unread;
            (Tasks.Reading, Tasks.ReadingSince) = (reading, _services.Time.GetTimestamp());
        }

        var left = limit - _services.Time.GetElapsedTime(Tasks.ReadingSince);
        await Waits.EndsAsync(Tasks.Reading!, left, _services.Time, cancellationToken);
        return _state.Stored != StoreKnowledge.Unread;
    }

    private async Task ReadStoreOnceAsync()
    {
        var beginning = _beginning;
        try
        {
            var found = await _services.Store.ReadAsync(_key, _epoch, CancellationToken.None);
            if (found.Record is { Dirty: false, Tags.IsDefaultOrEmpty: false } tagged)
                await _services.Tags.LearnAsync(tagged.Born, tagged.LogGeneration, CancellationToken.None);
            if (found.RefusedByEpoch > 0)
                Refused();
            else if (beginning == _beginning)
                Adopt(found.Record);
            if (_tasks is { } tasks)
                (tasks.NextReadTry, tasks.Reading) = (0, null);
        }
#pragma warning disable CA1031 // Whatever the store throws, the key must be able to answer without it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _services.Log.StoreReadFailed(e, _hash);
            Tasks.NextReadTry = EntryLifetimes.Add(Now, EntryLifetimes.FromSpan(EntryLimits.StorePatience));
            Tasks.Reading = null;
        }

        Settle();
    }

    private void Adopt(EntryRecord? record)
    {
        var turn = StoreRules.TurnOf(_state, record);
        _state = StoreRules.Adopt(_state, record, Now);
        GoOnWith(turn);
    }

    /// <summary>Carries out store operations until none is left; a synchronous store ends it before it returns.</summary>
    private void StartPump(bool flush = false)
    {
        if (_tasks?.Pumping is not null)
            return;
        var pumping = PumpAsync(flush);
        if (!pumping.IsCompleted)
            Tasks.Pumping = pumping;
    }

    private async Task PumpAsync(bool flush)
    {
        while (true)
        {
            (_state, var job) = StoreRules.Next(_state, _policy, _epoch, flush, Now);
            if (job is null)
                break;
            flush = false;
            var (ack, maybeApplied) = await CarryOutAsync(job);
            if (ack == ChangeAck.Accepted)
            {
                _state = StoreRules.Done(_state, _policy.Durability);
                Acknowledge(job.Batch, ChangeAck.Accepted);
            }
            else
            {
                (_state, var failed) = StoreRules.Failed(_state, maybeApplied);
                Acknowledge(job.Batch, maybeApplied ? ChangeAck.Unknown : ack);
                Acknowledge(failed.RemoveRange(0, job.Batch.Length), ack);
                if (job.Kind == StoreJobKind.Flush)
                    break;
            }
        }

        if (_tasks is { } tasks)
            tasks.Pumping = null;
        Settle();
    }

    private async ValueTask<(ChangeAck Ack, bool MaybeApplied)> CarryOutAsync(StoreJob job)
    {
        var beginning = _beginning;
        if (job.Record is { } record)
        {
            try
            {
                var written = await _services.Store.WriteAsync(_key, record, CancellationToken.None);
                if (written.RefusedByEpoch > 0)
                {
                    Refused();
                    return (ChangeAck.NotOwner, false);
                }

                if (!written.Written)
                    return (ChangeAck.Unavailable, true);
            }
#pragma warning disable CA1031 // Whatever the store throws, those who wait for it must be told.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (job.Kind == StoreJobKind.Flush)
                    _services.Log.FlushFailed(e, _hash);
                else
                    _services.Log.WriteFailed(e, _hash);
                return (ChangeAck.Unavailable, e is not StoreUnavailableException { MaybeApplied: false });
            }
        }

        if (job.CommitWait)
            await _services.Clock.PassedAsync(job.Batch[^1].Version, CancellationToken.None);
        if (job.Kind is StoreJobKind.Value or StoreJobKind.Removal && !_services.Ownership.FenceHolds
            && !await _services.Ownership.WaitForFenceAsync(EntryLimits.Slice, CancellationToken.None))
            return (ChangeAck.Unavailable, true);

        // The view may have changed while the store wrote or the fence was waited for: who has the key now has not heard of this, or the store
        // may have lost it. An old owner's flush is judged by the store alone.
        CatchUp();
        return _isDisowned && job.Kind != StoreJobKind.Flush ? (ChangeAck.NotOwner, true)
            : beginning != _beginning ? (ChangeAck.Unavailable, true)
            : (ChangeAck.Accepted, false);
    }

    private void Acknowledge(System.Collections.Immutable.ImmutableArray<PendingChange> batch, ChangeAck ack)
    {
        if (_tasks is not { } tasks)
            return;
        foreach (var change in batch)
            tasks.Acknowledge(change.Version, ack);
    }

    private async Task FlushSoonAsync()
    {
        var tasks = Tasks;
        tasks.FlushScheduled = true;
        var pause = TimeSpan.FromTicks(Math.Min(EntryLimits.LongestStorePause.Ticks, EntryLimits.FlushDelay.Ticks << Math.Min(tasks.FlushFailures, 20)));
        await Task.Delay(pause, _services.Time);
        tasks.FlushScheduled = false;
        if (_isGone || _isDisowned)
            return;
        await FlushAsync();
        tasks.FlushFailures = _state.Unflushed ? tasks.FlushFailures + 1 : 0;
        Settle();
    }

    /// <summary>What the store was told is in doubt stays so while the origin is written.</summary>
    private bool MayFlush => _state.Unflushed && _tasks?.Writer is null;

    private async Task FlushAsync()
    {
        if (!MayFlush || (_state.Stored == StoreKnowledge.Unread && !await ReadStoreAsync(EntryLimits.Slice, CancellationToken.None)))
            return;
        if (_tasks?.Pumping is { } running)
            await running;
        if (!MayFlush)
            return;
        StartPump(flush: true);
        if (_tasks?.Pumping is { } pumping)
            await pumping;
    }
}
