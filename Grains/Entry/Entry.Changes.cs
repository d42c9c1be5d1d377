namespace OrleansCache;

/// <summary>Writes and removals.</summary>
internal sealed partial class Entry
{
    private const string Unproved = "its silo cannot prove its right to the key";
    private const string Forgotten = "so many changes were made since, or lost, that its owner no longer knows";
    private const string StoreIsAway = "its store is away";

    private delegate (EntryState State, ChangeVerdict Verdict) Judgement<TRequest>(in EntryState state, in TRequest request, in ChangeContext at);

    public ValueTask<WriteReply> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        if (request.Bytes is null)
            throw new ArgumentException("Bytes is null; a write has a value, which may be empty.", nameof(request));
        if (request.Bytes.Length > LoadRules.MaxValueBytes)
        {
            var detail = $"The value has {request.Bytes.Length} bytes; an entry holds at most {LoadRules.MaxValueBytes}.";
            return new(Reply(WriteStatus.TooLarge) with { Detail = detail });
        }

        var isTagged = request.Lifetime?.Tags is { IsDefaultOrEmpty: false };
        var isEvent = request.Condition == ConditionKind.IfNewerSource;
        return ChangeAsync(request.OperationId, request.IsRepeated, isEvent ? Durability.Behind : Durability.Through, isTagged, request, ChangeRules.Write, cancellationToken);
    }

    public ValueTask<WriteReply> RemoveAsync(RemoveRequest request, CancellationToken cancellationToken) =>
        ChangeAsync(request.OperationId, request.IsRepeated, throughFrom: Durability.None, isTagged: false, request, ChangeRules.Remove, cancellationToken);

    /// <param name="operationId">The same for every repetition.</param>
    /// <param name="isRepeated">An earlier try may have had its effect.</param>
    /// <param name="throughFrom">In regions of this durability and above the store has the change before it is acknowledged.</param>
    /// <param name="isTagged">The new value has tags.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="judge">The rule.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async ValueTask<WriteReply> ChangeAsync<TRequest>(
        Guid operationId, bool isRepeated, Durability throughFrom, bool isTagged, TRequest request, Judgement<TRequest> judge, CancellationToken cancellationToken)
    {
        var slice = new Slice(_services.Time, EntryLimits.Slice);
        if (!await OwnsAsync(slice.Left, cancellationToken))
            return Reply(_isDisowned ? WriteStatus.NotOwner : WriteStatus.AskAgain);
        var isThrough = _policy.Durability <= throughFrom;
        if (isThrough && !IsChangeProven(isTagged) && !await ProveAsync(IsStrict && (isTagged || !AreTagsProven), slice.Left, cancellationToken))
            return Reply(IsProofComing ? WriteStatus.AskAgain : WriteStatus.Unavailable, Unproved);
        if (!_isDisowned && !await ReadStoreAsync(slice.Left, cancellationToken))
            return Reply(_isDisowned ? WriteStatus.NotOwner : WriteStatus.Unavailable, StoreIsAway);

        // Both may have gone while the fence was waited for and the store was read, and the store may have lost what was read.
        var isProven = !isThrough || IsChangeProven(isTagged);
        CatchUp();
        if (_isDisowned)
            return Reply(WriteStatus.NotOwner);
        if (!isProven || !IsUpToDate || _state.Stored == StoreKnowledge.Unread)
            return Reply(WriteStatus.AskAgain);

        var (pending, past) = OperationRules.Find(_state, operationId);
        if (past is { } before)
            return Accepted(before.Version, before.Existed);
        if (pending is null)
        {
            if (isRepeated && OperationRules.MayHaveForgotten(_state, Now))
                return Reply(WriteStatus.Doubtful, Forgotten);
            var at = new ChangeContext(Now, _policy, TagsGood, _services.Tags.Head, _services.Tags.Generation, _services.Random.NextDouble());
            (_state, var verdict) = judge(_state, request, at);
            if (!verdict.Accepted)
            {
                // What refuses it may be on its way to the store still: a caller who heard of it would read an older value, and it may never be.
                return ChangeRules.PendingVersion(_state) is { } head && await AckOf(head).EndAsync(slice.Left, cancellationToken) != ChangeAck.Accepted
                    ? Reply(WriteStatus.AskAgain)
                    : Reply(WriteStatus.ConditionFailed) with { Version = verdict.Version, Existed = verdict.Existed };
            }
            if (verdict.Change is null)
                return Accepted(verdict.Version, existed: false);
            pending = verdict.Change;
        }

        var wait = AckOf(pending.Version);
        StartPump();
        return await wait.EndAsync(slice.Left, cancellationToken) switch
        {
            null or ChangeAck.Unknown => Reply(WriteStatus.AskAgain) with { IsPending = true },
            ChangeAck.Accepted => Accepted(pending.Version, pending.Existed),
            ChangeAck.NotOwner => Reply(WriteStatus.NotOwner) with { IsPending = true },
            _ => Reply(WriteStatus.Unavailable, StoreIsAway),
        };
    }

    /// <summary>A strict value is born when the tag log is known, or a raise that was acknowledged before would hit it.</summary>
    private bool IsChangeProven(bool isTagged) =>
        _services.Ownership.FenceHolds && (!IsStrict || (AreTagsProven && (!isTagged || _services.Tags.IsProven)));

    private AckWait AckOf(long version) => _services.AckWaits.Get().Begin(Tasks, version);

    private WriteReply Accepted(long version, bool existed)
    {
        Settle();
        return Reply(WriteStatus.Accepted) with { Version = version, Existed = existed };
    }

    private WriteReply Reply(WriteStatus status, string? detail = null)
    {
        status = status == WriteStatus.NotOwner && IsReplacedHere ? WriteStatus.AskAgain : status;
        _services.Metrics.Write(status);
        return new()
        {
            Status = status,
            View = _services.Ownership.View,
            Detail = detail,
            RetryAfterMilliseconds = status == WriteStatus.Unavailable ? 1_000 : 0,
        };
    }
}
