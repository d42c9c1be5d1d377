namespace OrleansCache;

/// <summary>Writes that go to the origin first, one at a time. While one runs, the old value is read and no load is kept.</summary>
/// <remarks>
/// Before the origin is asked the store is told whose turn it is, in place of its value. So whoever dies meanwhile leaves a miss, and never a
/// value that the origin has replaced: a later owner goes on with the turn that it finds there. What the write makes out of date beside the key
/// stands there too, and is invalidated when the turn ends, unless the origin refused.
/// </remarks>
internal sealed partial class Entry
{
    private const string Crowded = "as many callers wait for it as may";

    public async ValueTask<OriginWriteReply> BeginWriteAsync(BeginWriteRequest request)
    {
        var slice = new Slice(_services.Time, EntryLimits.Slice);
        if (!await OwnsAsync(slice.Left, CancellationToken.None))
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.AskAgain);
        if (!IsChangeProven(isTagged: false) && !await ProveAsync(IsStrict && !AreTagsProven, slice.Left, CancellationToken.None))
            return Writer(IsProofComing ? OriginWriteStatus.AskAgain : OriginWriteStatus.Unavailable, Unproved);
        if (!_isDisowned && !await ReadStoreAsync(slice.Left, CancellationToken.None))
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.Unavailable, StoreIsAway);

        if (Tasks.Writers.Find(request.OperationId) is not { } writer)
        {
            if (Tasks.Waiters >= EntryLimits.MaxWaiters)
                return Writer(OriginWriteStatus.Unavailable, Crowded);
            Tasks.Writers.Join(writer = new(request.OperationId, request.Invalidates));
        }
        if (!await ComesAsync(writer, slice.Left))
            return Writer(OriginWriteStatus.InLine);
        writer.Beginning ??= BeginAsync(writer);
        return await Waits.EndsAsync(writer.Beginning, slice.Left, _services.Time, CancellationToken.None)
            ? await writer.Beginning
            : Writer(OriginWriteStatus.AskAgain);
    }

    public async ValueTask<OriginWriteReply> HoldWriteAsync(LoadTicket ticket)
    {
        var (writer, isKnown) = await FindWriterAsync(ticket);
        var isProven = _services.Ownership.FenceHolds;
        CatchUp();
        if (!isKnown || !isProven || !IsUpToDate)
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.AskAgain);
        return Writer(Keep(writer) ? OriginWriteStatus.Granted : OriginWriteStatus.Lost);
    }

    public async ValueTask<OriginWriteReply> EndWriteAsync(EndWriteRequest request)
    {
        var slice = new Slice(_services.Time, EntryLimits.Slice);
        var (writer, isKnown) = await FindWriterAsync(request.Ticket);
        if (!isKnown)
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : OriginWriteStatus.AskAgain);
        if (writer is null)
        {
            return OperationRules.Find(_state, request.Value.OperationId).Past is { } past
                ? Writer(OriginWriteStatus.Ended) with { Version = past.Version }
                : Writer(OriginWriteStatus.Lost);
        }

        if (request.End == OriginWriteEnd.Unknown)
        {
            Drop();         // whoever may still ask the origin holds the turn, and when nobody does any more it ends in doubt
            Settle();
            return Writer(OriginWriteStatus.Dropped);
        }

        if (request.End == OriginWriteEnd.Refused && _state.Content is not null)
        {
            EndWriter(writer, drops: false);
            return Writer(OriginWriteStatus.Ended);
        }

        writer.LeaseUntil = EntryLifetimes.Add(Now, LeaseSpan);
        var isWritten = request.End == OriginWriteEnd.Written && (_state.Changes == writer.Changes || OperationRules.Find(_state, request.Value.OperationId) != default);
        var reply = isWritten ? await WriteAsync(request.Value, CancellationToken.None) : default;
        switch (reply.Status)
        {
            case WriteStatus.AskAgain:
                return Writer(OriginWriteStatus.AskAgain);
            case WriteStatus.Accepted:
                EndWriter(writer, drops: false);
                return Writer(OriginWriteStatus.Ended) with { Version = reply.Version, AreTagsRaised = await InvalidateAsync(writer, slice.Left) };
            case WriteStatus.NotOwner:
                EndWriter(writer, drops: true);
                return Writer(OriginWriteStatus.NotOwner);
            default:
                var areRaised = await EndInDoubtAsync(writer, request.End != OriginWriteEnd.Refused);
                return Writer(isWritten ? OriginWriteStatus.Unavailable : request.End == OriginWriteEnd.Refused ? OriginWriteStatus.Ended : OriginWriteStatus.Dropped, reply.Detail) with
                {
                    AreTagsRaised = areRaised,
                };
        }
    }

    private async ValueTask<bool> RenewWriterAsync(LoadTicket ticket)
    {
        var (writer, isKnown) = await FindWriterAsync(ticket);
        if (!isKnown)
            return true;        // its key moves, and the turn with it
        return Keep(writer);
    }

    private bool Keep(OriginWriter? writer)
    {
        if (writer is null || Now >= writer.LeaseUntil)
            return false;
        writer.LeaseUntil = EntryLifetimes.Add(Now, LeaseSpan);
        return true;
    }

    /// <summary>Whose turn the ticket is for, if it is not over; an earlier owner may have given it. Not known where key or store are away.</summary>
    private async ValueTask<(OriginWriter? Writer, bool IsKnown)> FindWriterAsync(LoadTicket ticket)
    {
        var slice = new Slice(_services.Time, EntryLimits.Slice);
        if (!await OwnsAsync(slice.Left, CancellationToken.None))
            return (null, false);
        var isKnown = _tasks?.Writer?.OperationId == ticket.Activation || await ReadStoreAsync(slice.Left, CancellationToken.None);
        return (_tasks?.Writer is { } writer && writer.OperationId == ticket.Activation ? writer : null, isKnown);
    }

    private async ValueTask<bool> ComesAsync(OriginWriter writer, TimeSpan limit)
    {
        if (writer.Comes.IsCompleted)
            return true;
        var tasks = Tasks;
        (tasks.Waiters, writer.Waiting) = (tasks.Waiters + 1, writer.Waiting + 1);
        var comes = await Waits.EndsAsync(writer.Comes, limit, _services.Time, CancellationToken.None);
        (tasks.Waiters, writer.Waiting) = (tasks.Waiters - 1, writer.Waiting - 1);
        if (!comes && writer.Waiting == 0)
            tasks.Writers.Leave(writer);
        return comes;
    }

    /// <summary>The turn has come: the store is told, and then the origin may be asked.</summary>
    private async Task<OriginWriteReply> BeginAsync(OriginWriter writer)
    {
        var isProven = IsChangeProven(isTagged: false);
        CatchUp();
        var ack = (ChangeAck?)ChangeAck.Accepted;
        var isReady = isProven && IsUpToDate && _state.Stored != StoreKnowledge.Unread && _state.Queued.IsEmpty && _state.Work?.Job is null;
        if (isReady && _policy.Durability != Durability.None)
        {
            (_state, var mark) = ChangeRules.Doubt(_state, writer.OperationId, writer.Invalidates, Now);
            var wait = AckOf(mark.Version);
            StartPump();
            ack = await wait.EndAsync(EntryLimits.Slice, CancellationToken.None);
            isReady = ack == ChangeAck.Accepted && _state.Stored == StoreKnowledge.Dirty;       // another change may have come on top
        }

        if (!isReady || _isDisowned)
        {
            EndWriter(writer, drops: false);
            return Writer(_isDisowned ? OriginWriteStatus.NotOwner : ack is null or ChangeAck.Accepted ? OriginWriteStatus.AskAgain : OriginWriteStatus.Unavailable, StoreIsAway);
        }

        return Begun(writer);
    }

    /// <summary>An earlier owner gave the turn: whoever has it may write to the origin just now.</summary>
    private void GoOnWith(EntryRecord? turn)
    {
        if (turn is null || _tasks?.Writer is not null)
            return;
        var writer = new OriginWriter(turn.OperationId, turn.Tags);
        Tasks.Writers.Join(writer);
        writer.Beginning = Task.FromResult(Begun(writer));
    }

    private OriginWriteReply Begun(OriginWriter writer)
    {
        (writer.Changes, writer.LeaseUntil) = (_state.Changes, EntryLifetimes.Add(Now, LeaseSpan));
        _ = WatchAsync(writer);
        return Writer(OriginWriteStatus.Granted) with
        {
            Ticket = new() { Activation = writer.OperationId, Number = LoadTicket.OfWriter, LeaseMilliseconds = (int)EntryLimits.LoadLease.TotalMilliseconds },
        };
    }

    /// <summary>Who does not come back may have written: its turn ends in doubt.</summary>
    private async Task WatchAsync(OriginWriter writer)
    {
        while (!writer.Done.IsCompleted && Now is var now && now < writer.LeaseUntil)
            await Waits.EndsAsync(writer.Done, EntryLifetimes.ToSpan(writer.LeaseUntil - now), _services.Time, CancellationToken.None);
        if (!writer.Done.IsCompleted && !_isGone)
            await EndInDoubtAsync(writer, invalidates: true);
    }

    /// <summary>The old value is not given any more, and the store forgets it, and the turn once what it invalidates is invalidated.</summary>
    private async ValueTask<bool> EndInDoubtAsync(OriginWriter writer, bool invalidates)
    {
        Drop();
        var areRaised = invalidates && await InvalidateAsync(writer, EntryLimits.Slice);
        await RemoveAsync(new() { OperationId = Guid.NewGuid() }, CancellationToken.None);
        EndWriter(writer, drops: true);
        return areRaised;
    }

    /// <summary>What the write makes out of date is raised; false when that is not durable in time. It goes on all the same.</summary>
    private async ValueTask<bool> InvalidateAsync(OriginWriter writer, TimeSpan limit)
    {
        if (writer.Invalidates.IsEmpty)
            return true;
        var raise = _services.Tags.RaiseOwedAsync(writer.Invalidates, _services.Time);
        return await Waits.EndsAsync(raise, limit, _services.Time, CancellationToken.None) && raise.IsCompletedSuccessfully;
    }

    private void EndWriter(OriginWriter writer, bool drops)
    {
        if (_tasks?.Writer != writer)
            return;
        if (drops)
            Drop();
        _tasks.Writers.End();
        Settle();
    }

    private void Drop() => _state = ChangeRules.Fence(_state with { Content = null, Unflushed = false });

    private OriginWriteReply Writer(OriginWriteStatus status, string? detail = null) => new()
    {
        Status = status == OriginWriteStatus.NotOwner && IsReplacedHere ? OriginWriteStatus.AskAgain : status,
        View = _services.Ownership.View,
        Detail = detail,
    };
}
