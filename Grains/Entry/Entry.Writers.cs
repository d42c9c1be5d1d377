namespace OrleansCache;

/// <summary>Writes that go to the origin first, one at a time. While one runs, the old value is read and no load is kept.</summary>
/// <remarks>
/// Before the origin is asked the store is told that its value is out of date. So whoever dies meanwhile leaves a miss, and never a value that
/// the origin has replaced.
/// </remarks>
internal sealed partial class Entry
{
    public async ValueTask<OriginWriteReply> BeginWriteAsync(BeginWriteRequest request)
    {
        var slice = new Slice(_services.Time, EntryLimits.Slice);
        if (!await OwnsAsync(slice.Left, CancellationToken.None))
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.AskAgain);
        if (!IsChangeProven(isTagged: false) && !await ProveAsync(IsStrict && !AreTagsProven, slice.Left, CancellationToken.None))
            return Writer(IsProofComing ? OriginWriteStatus.AskAgain : OriginWriteStatus.Unavailable, Unproved);
        if (!_isDisowned && !await ReadStoreAsync(slice.Left, CancellationToken.None))
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.Unavailable, StoreIsAway);
        OriginWriter? writer;
        while ((writer = _tasks?.Writer) is not null)
        {
            if (writer.OperationId == request.OperationId && writer.HasBegun)
                return Granted(writer);
            if (!await Waits.EndsAsync(writer.Done, slice.Left, _services.Time, CancellationToken.None))
                return Writer(OriginWriteStatus.AskAgain);
        }

        var isProven = IsChangeProven(isTagged: false);
        CatchUp();
        if (!isProven || !IsUpToDate || _state.Stored == StoreKnowledge.Unread || !_state.Queued.IsEmpty || _state.Work?.Job is not null)
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.AskAgain);

        Tasks.Writer = writer = new(request.OperationId, -++Tasks.Writers, EntryLifetimes.Add(Now, LeaseSpan));
        if (_policy.Durability != Durability.None && _state is { Content: not null, Stored: StoreKnowledge.Clean })
        {
            (_state, var mark) = ChangeRules.Doubt(_state, Now);
            var wait = AckOf(mark.Version);
            StartPump();
            var ack = await wait.EndAsync(slice.Left, CancellationToken.None);
            if (ack != ChangeAck.Accepted || _isDisowned || _state.Stored != StoreKnowledge.Dirty)      // another change may have come on top
            {
                EndWriter(writer, drops: false);
                return Writer(
                    _isDisowned ? OriginWriteStatus.NotOwner : ack is null or ChangeAck.Accepted ? OriginWriteStatus.AskAgain : OriginWriteStatus.Unavailable, StoreIsAway);
            }
        }

        (writer.Changes, writer.HasBegun) = (_state.Changes, true);
        writer.LeaseUntil = EntryLifetimes.Add(Now, LeaseSpan);
        _ = WatchAsync(writer);
        return Granted(writer);
    }

    public async ValueTask<OriginWriteReply> EndWriteAsync(EndWriteRequest request)
    {
        CatchUp();
        if (_tasks?.Writer is not { } writer || request.Ticket.Activation != _tasks.Activation || request.Ticket.Number != writer.Number || _isDisowned)
        {
            return OperationRules.Find(_state, request.Value.OperationId).Past is { } past && !_isDisowned
                ? Writer(OriginWriteStatus.Ended) with { Version = past.Version }
                : Writer(OriginWriteStatus.Lost);
        }

        if (request.End == OriginWriteEnd.Refused)
        {
            EndWriter(writer, drops: false);
            return Writer(OriginWriteStatus.Ended);
        }

        var isWritten = request.End == OriginWriteEnd.Written && (_state.Changes == writer.Changes || OperationRules.Find(_state, request.Value.OperationId) != default);
        var reply = isWritten ? await WriteAsync(request.Value, CancellationToken.None) : default;
        switch (reply.Status)
        {
            case WriteStatus.AskAgain:
                return Writer(OriginWriteStatus.AskAgain);
            case WriteStatus.Accepted:
                EndWriter(writer, drops: false);
                return Writer(OriginWriteStatus.Ended) with { Version = reply.Version };
            case WriteStatus.NotOwner:
                EndWriter(writer, drops: true);
                return Writer(OriginWriteStatus.Lost);
            default:
                await EndInDoubtAsync(writer);
                return Writer(isWritten ? OriginWriteStatus.Unavailable : OriginWriteStatus.Dropped, reply.Detail);
        }
    }

    private bool RenewWriter(LoadTicket ticket)
    {
        if (_tasks?.Writer is not { } writer || ticket.Number != writer.Number || Now >= writer.LeaseUntil)
            return false;
        writer.LeaseUntil = EntryLifetimes.Add(Now, LeaseSpan);
        return true;
    }

    /// <summary>Who does not come back may have written: its turn ends in doubt.</summary>
    private async Task WatchAsync(OriginWriter writer)
    {
        while (!writer.Done.IsCompleted && Now is var now && now < writer.LeaseUntil)
            await Waits.EndsAsync(writer.Done, EntryLifetimes.ToSpan(writer.LeaseUntil - now), _services.Time, CancellationToken.None);
        if (!writer.Done.IsCompleted)
            await EndInDoubtAsync(writer);
    }

    /// <summary>The old value is not given any more; also not after a crash, where another change took the place of the store's mark.</summary>
    private async ValueTask EndInDoubtAsync(OriginWriter writer)
    {
        if (_state.Stored == StoreKnowledge.Clean)
            await RemoveAsync(new() { OperationId = Guid.NewGuid() }, CancellationToken.None);
        EndWriter(writer, drops: true);
    }

    private void EndWriter(OriginWriter writer, bool drops)
    {
        if (_tasks?.Writer != writer)
            return;
        _tasks.Writer = null;
        // What the store was told is out of date is so, or it gets it again.
        _state = drops ? ChangeRules.Fence(_state with { Content = null, Unflushed = false })
            : _state with { Unflushed = _state.Unflushed || _state is { Content: not null, Stored: StoreKnowledge.Dirty } };
        writer.End();
        Settle();
    }

    private OriginWriteReply Granted(OriginWriter writer) => Writer(OriginWriteStatus.Granted) with
    {
        Ticket = new() { Activation = Tasks.Activation, Number = writer.Number, LeaseMilliseconds = (int)EntryLimits.LoadLease.TotalMilliseconds },
    };

    private OriginWriteReply Writer(OriginWriteStatus status, string? detail = null) => new()
    {
        Status = status == OriginWriteStatus.NotOwner && IsReplacedHere ? OriginWriteStatus.AskAgain : status,
        View = _services.Ownership.View,
        Detail = detail,
    };
}

/// <summary>The turn of one write to the origin.</summary>
internal sealed class OriginWriter(Guid operationId, long number, long leaseUntil)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid OperationId => operationId;

    /// <summary>Below zero, which no load's is.</summary>
    public long Number => number;

    /// <summary>In cluster time.</summary>
    public long LeaseUntil { get; set; } = leaseUntil;

    /// <summary>The store knows what it shall, so the origin may be asked: a repetition that comes before waits too.</summary>
    public bool HasBegun { get; set; }

    /// <summary>How many changes the entry had seen when the turn began: another one ends it with no value.</summary>
    public int Changes { get; set; }

    public Task Done => _done.Task;

    public void End() => _done.TrySetResult();
}
