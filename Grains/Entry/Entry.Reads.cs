namespace OrleansCache;

/// <summary>Reads: at once from what is there, else by a load.</summary>
internal sealed partial class Entry
{
    public ValueTask<ReadReply> ReadAsync(in ReadRequest request, CancellationToken cancellationToken) =>
        AsksVersion(request) ? ReadVersionedAsync(request, cancellationToken)
        : TryAnswer(request, out var reply) ? new(reply) : ReadSlowlyAsync(request, cancellationToken);

    /// <summary>Loads again though a value is there.</summary>
    public ValueTask<ReadReply> RefreshAsync(in ReadRequest request, CancellationToken cancellationToken)
    {
        CatchUp();
        return _policy.Integration is null || request.Load == LoadMode.Leased
            ? ExpireAsync(request, cancellationToken)
            : AsksVersion(request) ? ReloadVersionedAsync(request, cancellationToken)
            : ReloadAsync(request, cancellationToken);
    }

    /// <summary>The common case: no await, no allocation.</summary>
    private bool TryAnswer(in ReadRequest request, out ReadReply reply)
    {
        reply = default;
        if (_state.Content is null || !IsProven || !IsUpToDate)
            return false;
        var now = Now;
        var freshness = ReadRules.Judge(_state, now, TagsGood, request.Wanted);
        switch (ReadRules.Decide(_state, freshness, request.Load, request.Strategy ?? _policy.Strategy, now))
        {
            case ReadDecision.Hit:
                reply = Hit(now);
                return true;
            case ReadDecision.Stale:
                reply = Stale(now, request.Load);
                return true;
            case ReadDecision.StaleAndRefresh when request.Load is LoadMode.Declared or LoadMode.Batched:
                BeginDeclared(request, background: true);
                reply = Stale(now, request.Load);
                return true;
            default:
                return false;
        }
    }

    private async ValueTask<ReadReply> ReadSlowlyAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        var arrival = Arrival;
        CatchUp();
        if (!_isDisowned && _state is { Content: null, Stored: StoreKnowledge.Unread })
            await _services.Memory.RoomAsync(EntryLimits.Slice, _services.Time, cancellationToken);
        while (true)
        {
            if (await NotReadyAsync(request.Load, slice, cancellationToken) is { } refusal)
                return refusal;
            if (TryAnswer(request, out var reply))
                return reply;

            var now = Now;
            var freshness = ReadRules.Judge(_state, now, TagsGood, request.Wanted);
            switch (ReadRules.Decide(_state, freshness, request.Load, request.Strategy ?? _policy.Strategy, now))
            {
                case ReadDecision.Miss:
                    _reason = Missing();
                    _services.Metrics.Read(ReadOutcomes.Miss, _policy);
                    return Reply(ReadStatus.Miss);
                case ReadDecision.StaleAndRefresh:
                    return await StaleWithTicketAsync(request, cancellationToken);
                default:
                    if (await LoadAsync(request, slice, arrival, cancellationToken) is { } answer)
                        return answer;
                    break;
            }
        }
    }

    /// <summary>Why the key can't be read here and now; null when it can.</summary>
    private async ValueTask<ReadReply?> NotReadyAsync(LoadMode load, Slice slice, CancellationToken cancellationToken)
    {
        if (!await OwnsAsync(EntryLimits.Slice, cancellationToken) || _isGone)
            return Reply(_isDisowned ? ReadStatus.NotOwner : ReadStatus.AskAgain);
        if (!IsProven && !await ProveAsync(tagged: !AreTagsProven, EntryLimits.ReadPatience, cancellationToken))
            return IsProofComing && _policy.WhenUnproven == WhenUnproven.Refuse ? Reply(ReadStatus.AskAgain) : Unproven();
        var needsStore = IsStrict || load == LoadMode.None;
        if (_state is { Content: null, Stored: StoreKnowledge.Unread } && !await ReadStoreAsync(PatienceWithStore(needsStore, slice), cancellationToken)
            && !_isDisowned && needsStore)
            return Failed(new() { Kind = ProblemKind.Unavailable, Detail = LoadProblem.StoreAway, RetryAfterMilliseconds = 1_000, Message = "The store is away, and the value is not in memory." }, EntryReason.StoreAway);

        // Both may have gone while the store was read.
        var isProven = IsProven;
        CatchUp();
        return _isDisowned ? Reply(ReadStatus.NotOwner) : isProven && IsUpToDate ? null : Reply(ReadStatus.AskAgain);
    }

    // A store that is only slow spares the origin a call.
    private TimeSpan PatienceWithStore(bool needsStore, Slice slice) =>
        !needsStore && !_services.Store.IsReachable ? EntryLimits.StorePatience : slice.Left > EntryLimits.StoreLimit ? slice.Left : EntryLimits.StoreLimit;

    private ReadReply Unproven()
    {
        var now = Now;
        if (_policy.WhenUnproven == WhenUnproven.Stale && ReadRules.Judge(_state, now, TagsGood) != Freshness.Absent)
        {
            _reason = EntryReason.StaleUnproven;
            _services.Metrics.Read(ReadOutcomes.Stale, _policy);
            return Answer(ReadStatus.Stale, now) with { Degraded = true };
        }

        return Failed(new() { Kind = ProblemKind.Unavailable, Detail = LoadProblem.Unproven, RetryAfterMilliseconds = 1_000, Message = EntryReason.Unproven.Sentence() }, EntryReason.Unproven);
    }

    private ReadReply Hit(long now)
    {
        if (_state.Content!.SlidingSpan > 0)
        {
            _state = ReadRules.Slide(_state, now);
            if (_state.Unflushed)
                Settle();
        }

        _reason = EntryReason.Fresh;
        _services.Metrics.Read(ReadOutcomes.Hit, _policy);
        return Answer(ReadStatus.Hit, now);
    }

    private ReadReply Stale(long now, LoadMode load)
    {
        var isBackingOff = ReadRules.IsBackingOff(_state, now);
        _reason = isBackingOff ? EntryReason.StaleBackingOff : load == LoadMode.None ? EntryReason.StaleOnly : EntryReason.StaleRefreshing;
        _services.Metrics.Read(ReadOutcomes.Stale, _policy);
        return Answer(ReadStatus.Stale, now) with { Problem = _state.Work?.Failure?.Problem };
    }

    private ReadReply Answer(ReadStatus status, long now)
    {
        if (!Visited)
            Visited = true;
        if (_policy.Strategy == Strategy.Eager)
            ReadEagerly();
        var value = _state.Content!.Value;
        return new()
        {
            Status = status,
            Value = value,
            FreshMilliseconds = EntryLifetimes.Remaining(_state.FreshUntil, now),
            StaleMilliseconds = EntryLifetimes.Remaining(_state.StaleUntil, now),
            AgeMilliseconds = Math.Max(0, (now - value.LastRetrieved) / 1000),
            Stored = true,
            Degraded = IsDegraded,
            TagHead = _services.Tags.Head,
            View = _view,
            Strict = IsStrict,
        };
    }

    private ReadReply Reply(ReadStatus status) => new()
    {
        Status = status == ReadStatus.NotOwner && IsReplacedHere ? ReadStatus.AskAgain : status,
        Degraded = IsDegraded,
        TagHead = _services.Tags.Head,
        View = _services.Ownership.View,
        Strict = IsStrict,
    };

    private ReadReply Failed(LoadProblem problem, EntryReason reason)
    {
        _reason = reason;
        _services.Metrics.Read(ReadOutcomes.Failed, _policy);
        return Reply(ReadStatus.Failed) with { Problem = problem };
    }

    private EntryReason Missing() =>
        _state.Content is null ? EntryReason.Absent : TagsGood ? EntryReason.Expired : EntryReason.TagRaised;

    /// <summary>A leased key: its next get-or-create loads.</summary>
    private async ValueTask<ReadReply> ExpireAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        if (await NotReadyAsync(LoadMode.None, Slice.Of(_services.Time, request.WaitMilliseconds), cancellationToken) is { } refusal)
            return refusal;
        var now = Now;
        _state = ReadRules.Expire(ChangeRules.Fence(_state), now);
        Settle();
        return ReadRules.Judge(_state, now, TagsGood) == Freshness.Absent ? Reply(ReadStatus.Miss) : Answer(ReadStatus.Stale, now);
    }
}
