using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Loads: one in flight, leased to a caller or declared in the silo, shared by those who wait.</summary>
internal sealed partial class Entry
{
    private static readonly long LeaseSpan = EntryLifetimes.FromSpan(EntryLimits.LoadLease);

    public ValueTask<bool> RenewAsync(LoadTicket ticket) => ticket.Number == LoadTicket.OfWriter ? RenewWriterAsync(ticket) : new(Renew(ticket));

    private bool Renew(LoadTicket ticket)
    {
        if (_tasks is null || ticket.Activation != _tasks.Activation || _isDisowned)
            return false;
        (_state, var renewed) = LoadRules.Renew(_state, (int)ticket.Number, LeaseSpan, Now);
        return renewed;
    }

    public async ValueTask<LoadReply> CompleteAsync(LoadCompletion completion, CancellationToken cancellationToken)
    {
        CatchUp();
        if (OperationRules.Find(_state, completion.OperationId).Past is { } past && _state.Content is { } content)
            return Stored(content.OperationId == past.Id ? content.Value : new() { Version = past.Version, LastRetrieved = past.At, LastModified = past.At });
        var flight = completion.Ticket is { } ticket && ticket.Activation == _tasks?.Activation
            ? _tasks.Flights.Find(f => f.Load.Number == ticket.Number && f.Load.Leased)
            : null;
        if (flight is null || _isDisowned)
            return new() { Detail = "lease-lost", View = _services.Ownership.View };

        var answer = await EndAsync(flight, LoadResult.Of(completion));
        cancellationToken.ThrowIfCancellationRequested();
        _services.Metrics.Read(answer.Problem is null ? ReadOutcomes.Loaded : ReadOutcomes.Failed, _policy);
        if (answer.Problem is not null)
        {
            var now = Now;
            var stale = ReadRules.Judge(_state, now, TagsGood, new(flight.OriginVersion)) != Freshness.Absent && IsProven;
            return new()
            {
                Value = stale ? _state.Content!.Value : null,
                FreshMilliseconds = stale ? EntryLifetimes.Remaining(_state.FreshUntil, now) : 0,
                StaleMilliseconds = stale ? EntryLifetimes.Remaining(_state.StaleUntil, now) : 0,
                Detail = answer.Problem.Detail,
                View = _services.Ownership.View,
                IsCurrent = answer.IsCurrent,
            };
        }

        var reply = answer.Stored ? Stored(answer.Value!) : new() { Detail = answer.Detail, View = _services.Ownership.View };
        return reply with { IsCurrent = answer.IsCurrent };
    }

    private LoadReply Stored(EntryValue value)
    {
        var now = Now;
        var isCurrent = _state.Content?.Version == value.Version;
        return new()
        {
            Stored = true,
            Value = value with { Bytes = [] },
            View = _services.Ownership.View,
            FreshMilliseconds = isCurrent ? EntryLifetimes.Remaining(_state.FreshUntil, now) : 0,
            StaleMilliseconds = isCurrent ? EntryLifetimes.Remaining(_state.StaleUntil, now) : 0,
        };
    }

    /// <summary>Begins, joins or waits for a load; null when things changed and the read is to be judged anew.</summary>
    private async ValueTask<ReadReply?> LoadAsync(ReadRequest request, Slice slice, (long Head, long Generation) arrival, CancellationToken cancellationToken)
    {
        if (IsCycle(request))
            return Unshared(request.Load);
        if (UnknownLimiter(request) is { } misspelt)
            return Failed(misspelt, EntryReason.LoadFailed);
        if (_tasks?.Ended is { } ended && ended.Remembers(request.OperationId) && Now - ended.EndedAt < LeaseSpan
            && AnswerOf(ended, await ended.Done, request, arrival, slice) is { } kept)
            return kept;

        var flight = Joinable();
        if (flight is null && _tasks?.Flights.Find(f => !f.Load.Leased && f.Remembers(request.OperationId)) is { } old)
        {
            // Asked before the change that detached the load: its answer, uncached, and no load of their own that would outlive the change.
            return await WaitAsync(old, request, slice, arrival, cancellationToken);
        }

        var isLeased = flight is not null && request.Load != LoadMode.Declared && flight.Load.Leased && !flight.IsSeeking && (!flight.IsGranted || flight.IsHeldBy(request.OperationId));
        if (request.IsRemembered && (flight is null || isLeased))
            return Reply(ReadStatus.AskVersion);
        if (flight is null)
        {
            flight = request.Load == LoadMode.Declared ? BeginDeclared(request, background: false) : BeginLeased(request);
            if (flight.Load.Leased)
                return await GrantAsync(flight, request, slice, stale: false, cancellationToken);
        }
        else if (isLeased)
        {
            return await GrantAsync(flight, request, slice, stale: false, cancellationToken);
        }

        return await WaitAsync(flight, request, slice, arrival, cancellationToken);
    }

    private async ValueTask<ReadReply?> WaitAsync(
        LoadFlight flight, ReadRequest request, Slice slice, (long Head, long Generation) arrival, CancellationToken cancellationToken)
    {
        if (Tasks.Waiters >= EntryLimits.MaxWaiters)
            return Failed(new() { Kind = ProblemKind.Overloaded, Detail = "overloaded", RetryAfterMilliseconds = 1_000 }, EntryReason.Overloaded);

        var tasks = Tasks;
        tasks.Waiters++;
        bool ended;
        try
        {
            ended = await Waits.EndsAsync(flight.Done, slice.AtMost(LeaseLeft(flight)), _services.Time, cancellationToken);
        }
        finally
        {
            tasks.Waiters--;
        }

        if (ended)
            return flight.IsFor(request.Wanted) ? AnswerOf(flight, await flight.Done, request, arrival, slice) : null;
        if (flight.IsFor(request.Wanted))
            flight.Remember(request.OperationId);
        if (!slice.IsOver)
            return null;
        _reason = EntryReason.StillLoading;
        return Reply(ReadStatus.AskAgain);
    }

    /// <summary>What one who waited is told; null when the answer is not for them.</summary>
    private ReadReply? AnswerOf(LoadFlight flight, LoadAnswer answer, in ReadRequest request, (long Head, long Generation) arrival, Slice slice)
    {
        var now = Now;
        var decidedAfter = slice.MillisecondsAt(flight.DecidedAt);
        var (load, own) = (flight.Load, flight.IsHeldBy(request.OperationId));
        // Who came after a raise may not have what was loaded before it; whose load it is came before it began, and so did who knew no more of the log.
        if (!own && answer.TagHashes.Length > 0 && !(arrival.Head >= 0 && arrival.Head <= load.Born && arrival.Generation == load.LogGeneration)
            && ((IsStrict && !_services.Tags.IsProven) || !_services.Tags.IsGood(answer.TagHashes, load.Born, load.LogGeneration)))
            return null;
        if (answer.Value is { } value)
        {
            _reason = own ? EntryReason.Loaded : EntryReason.Joined;
            _services.Metrics.Read(own ? ReadOutcomes.Loaded : ReadOutcomes.Joined, _policy);
            var isCurrent = answer.Stored && _state.Content?.Version == value.Version;
            return Reply(own ? ReadStatus.Loaded : ReadStatus.Joined) with
            {
                Value = value,
                Stored = answer.Stored,
                FreshMilliseconds = isCurrent ? EntryLifetimes.Remaining(_state.FreshUntil, now) : 0,
                StaleMilliseconds = isCurrent ? EntryLifetimes.Remaining(_state.StaleUntil, now) : 0,
                AgeMilliseconds = Math.Max(0, (now - value.LastRetrieved) / 1000),
                DecidedAfterMilliseconds = decidedAfter,
            };
        }

        if (answer.Problem is not { } problem)
            return null;
        var freshness = ReadRules.Judge(_state, now, TagsGood, request.Wanted);
        if (problem.Kind == ProblemKind.NotFound || !IsProven || freshness == Freshness.Absent)
            return Failed(problem, EntryReason.LoadFailed) with { DecidedAfterMilliseconds = decidedAfter };
        _reason = EntryReason.StaleAfterFailure;
        _services.Metrics.Read(ReadOutcomes.Stale, _policy);
        var found = freshness == Freshness.Fresh ? Answer(ReadStatus.Hit, now) : Answer(ReadStatus.Stale, now) with { Problem = problem };
        return found with { DecidedAfterMilliseconds = decidedAfter };
    }

    /// <summary>The load that a reader may join: the one in flight, while its lease lasts.</summary>
    private LoadFlight? Joinable() =>
        _state.Work?.Load is { } load && load.IsAlive(Now) ? _tasks?.Flights.Find(f => f.Load.Number == load.Number) : null;

    private TimeSpan LeaseLeft(LoadFlight flight) =>
        _state.Work?.Load is { Leased: true, Storing: 0 } load && load.Number == flight.Load.Number
            ? TimeSpan.FromMicroseconds(Math.Max(1_000, load.LeaseUntil - Now))
            : EntryLimits.Slice;

    private LoadFlight Begin(bool leased, in ReadRequest request, string? limiter)
    {
        var now = Now;
        Tasks.Flights.RemoveAll(f => f.Load.Leased && f.Load.Number != _state.Work?.Load?.Number && now - f.Load.Stamp > 10 * LeaseSpan);
        if (_state.Work?.Load is { } late)
            Tasks.Flights.RemoveAll(f => f.Load.Number == late.Number);
        (_state, var load) = LoadRules.Begin(_state, leased, LeaseSpan, _services.Tags.Head, _services.Tags.Generation, now);
        var flight = new LoadFlight(load, request.OperationId, limiter, _services.Time.GetTimestamp()) { OriginVersion = request.OriginVersion };
        Tasks.Flights.Add(flight);
        if (_state is { Content: null, Stored: StoreKnowledge.Unread } && _services.Store.IsReachable)
            _services.Log.LoadedUnread(_hash);
        return flight;
    }

    /// <summary>Applies a load's result in this turn, and tells those who wait.</summary>
    private async ValueTask<LoadAnswer> EndAsync(LoadFlight flight, LoadResult result)
    {
        if (_isGone)
            return LoadAnswer.GivenUp;
        if (_state.Stored == StoreKnowledge.Unread)
            await ReadStoreAsync(EntryLimits.StorePatience, CancellationToken.None);
        result = await ComparedAsync(result with { OriginVersion = flight.OriginVersion });

        var load = flight.Load;
        if (_tasks?.Writer is not null)
            _state = LoadRules.Detach(_state, load.Number);     // the origin may have answered it before that write

        CatchUp();
        var tags = result.Outcome is LoadOutcome.NotModified && result.Tags.IsEmpty ? _state.Content?.Tags ?? [] : result.Tags;
        var decidedAt = _services.Time.GetTimestamp();
        var isProven = IsUpToDate && (tags.IsEmpty || _services.Tags.IsProven);       // before the looks at log and fence, as ITagLog has it
        var at = new EndContext(
            Now, _policy, tags.IsEmpty || _services.Tags.IsGood(TagHash.Of(tags), load.Born, load.LogGeneration), IsProven, _services.Random.NextDouble());
        (_state, var end) = LoadRules.End(_state, load, result, at);
        var answer = end.GivenUp ? LoadAnswer.GivenUp : new LoadAnswer
        {
            Value = end.Problem is null ? end.Value : null,
            TagHashes = end.Problem is null or { Kind: ProblemKind.NotFound } ? TagHash.Of(tags) : [],
            Stored = end.Kept,
            IsCurrent = isProven && !end.IsOvertaken,
            Detail = end.Detail,
            Problem = end.Problem,
        };
        if (end.Change is { } change)
        {
            var wait = AckOf(change.Version);
            StartPump();
            var stored = await wait.EndAsync(EntryLimits.StorePatience, CancellationToken.None) == ChangeAck.Accepted;
            if (end.Value is not null)
                answer = stored ? answer with { Stored = true } : answer with { Detail = "store", Value = end.Value with { Version = 0 } };
            answer = answer with { IsCurrent = answer.IsCurrent && stored };
        }

        if (answer.IsCurrent)
            flight.DecidedAt = decidedAt;

        if (answer.Problem is { } problem)
            _services.Log.LoadFailed(_hash, problem.Detail);
        else if (answer.Detail is { } detail)
            _services.Log.NotKept(_hash, detail);
        Close(flight, answer);
        return answer;
    }

    private void Close(LoadFlight flight, LoadAnswer answer)
    {
        flight.End(answer, Now);
        if (_tasks is { } tasks)
        {
            tasks.Flights.Remove(flight);
            tasks.Ended = flight.WasAsked ? flight : null;
        }

        Settle();
    }

    private void GiveUpLoads()
    {
        foreach (var flight in _tasks?.Flights.ToArray() ?? [])
        {
            flight.Cancellation?.Cancel();
            _state = LoadRules.Detach(_state, flight.Load.Number);
            Close(flight, LoadAnswer.GivenUp);
        }
    }

    /// <summary>Compares long values outside the grain's turns.</summary>
    private async ValueTask<LoadResult> ComparedAsync(LoadResult result)
    {
        if (result.Outcome is not LoadOutcome.Value || result.Bytes.Length <= SameValue.LongAbove || _state.Content is not { } old)
            return result;
        var same = await Task.Run(() => SameValue.Equal(old.Value, result.Bytes, result.ContentType, result.Encoding));
        return result with { ComparedTo = old, Same = same };
    }

    private bool IsCycle(in ReadRequest request) => !request.LoadChain.IsDefaultOrEmpty && request.LoadChain.Contains(_hash);

    private ReadReply Unshared(LoadMode load)
    {
        _reason = EntryReason.Cycle;
        return load == LoadMode.Leased
            ? Reply(ReadStatus.Lease)
            : Failed(new() { Kind = ProblemKind.BadCall, Detail = "cycle", Message = "The integration asks for a key while it loads that key." }, EntryReason.Cycle);
    }
}
