using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Get-or-create as one flight: asks the owner, and runs the caller's factory under the lease it may get.</summary>
internal sealed class Loader(OwnerCalls calls, IGrainFactory grains, FlightTable flights, FirstPermits permits, ValueCodecs codecs, OperationIds ids, ProcessEnd end, TimeProvider clock, ILogger<Loader> logger)
{
    private const int DecodingTries = 2;
    private const int InvalidTries = 1;

    /// <summary>How long a load that its caller can do without the cache looks for an owner.</summary>
    private static readonly TimeSpan OutagePatience = TimeSpan.FromSeconds(1);

    private volatile bool _isAway;

    /// <summary>Answers from the owner, or by the factory.</summary>
    /// <param name="flight">Null when this load may wait for no other: it would wait for itself.</param>
    /// <param name="order">What to load.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Landing<T>> RunAsync<TState, T>(Flight? flight, LoadOrder<TState, T> order)
    {
        if (flight is null)
            return await RunInCircleAsync(flight, order).ConfigureAwait(false);

        var request = new ReadRequest
        {
            Load = LoadMode.Leased,
            WaitMilliseconds = calls.SliceMilliseconds,
            Holder = ids.Process,
            OperationId = ids.Next(),
            LoadChain = LoadScope.Current?.Chain ?? default,
            Limiter = order.Options.Limiter,
            Strategy = order.Options.Strategy,
            SharesPermit = order.Seat is not null,
        }.By(order.Wanted);
        order.Seat?.Take(flight);
        // Within another load a wait has an end: a circle through other processes cannot be seen from here.
        var effort = new ReadEffort { Flight = flight, LongestWait = LoadScope.Current is null ? null : calls.Limit, Patience = PatienceOf(order.SurvivesOutage) };
        for (int undecodable = 0, invalid = 0; ;)
        {
            Answer answer;
            try
            {
                answer = await AskAsync(order, request, effort).ConfigureAwait(false);
                _isAway = false;
            }
            catch (CacheUnavailableException e) when (order.SurvivesOutage)
            {
                _isAway = true;
                return await RunAloneAsync(flight, order, e).ConfigureAwait(false);
            }

            var reply = answer.Reply;
            flights.Seen(order.Key.GrainKey, reply);
            switch (reply.Status)
            {
                case ReadStatus.Hit or ReadStatus.Stale or ReadStatus.Loaded or ReadStatus.Joined:
                    var isDecoded = codecs.TryDecode<T>(reply.Value, out var value, out var error);
                    // What was loaded just now and is not kept is the origin's answer: asking it again would get no other.
                    if (isDecoded && (order.IsValid(value) || reply is { Status: ReadStatus.Loaded or ReadStatus.Joined, Stored: false }))
                    {
                        if (reply.Ticket is { } refresh)
                            _ = RefreshBehindAsync(order, refresh, answer.AskedAt);
                        else
                            order.Seat?.Leave();
                        return Landing<T>.Of(answer with { Reply = reply with { Ticket = null } }, value);
                    }

                    if (isDecoded)
                        logger.Invalid(RoutingHash.Of(order.Key.GrainKey), order.Key.Region);
                    else
                        logger.Undecodable(error, RoutingHash.Of(order.Key.GrainKey), order.Key.Region, typeof(T).ToString());
                    if (reply.Ticket is { } held)
                        await GiveBackAsync(order.Key, held).ConfigureAwait(false);
                    if ((isDecoded ? ++invalid > InvalidTries : ++undecodable > DecodingTries) || reply.Value is not { Version: > 0 })
                        return await RunAloneAsync(flight, order, error).ConfigureAwait(false);
                    await RemoveAsync(order.Key, reply.Value.Version).ConfigureAwait(false);
                    continue;

                case ReadStatus.Lease when reply.Ticket is { } ticket:
                    if (!flight.IsWanted)
                    {
                        await GiveBackAsync(order.Key, ticket).ConfigureAwait(false);
                        return Landing<T>.Nowhere;
                    }

                    if (HasLapsed(ticket, answer.AskedAt))
                    {
                        logger.PermitLapsed(RoutingHash.Of(order.Key.GrainKey));
                        await GiveBackAsync(order.Key, ticket).ConfigureAwait(false);
                        continue;
                    }

                    return await RunLeasedAsync(flight, order, ticket, answer).ConfigureAwait(false);

                case ReadStatus.Failed when reply.Problem is { Kind: ProblemKind.Unavailable } && order.Options.Limiter is null:
                    return await RunAloneAsync(flight, order, null).ConfigureAwait(false);

                case ReadStatus.Failed:
                    return Landing<T>.Of(answer, default);

                case ReadStatus.AskVersion:
                    return new(reply, default);

                default:        // given up, or the owner saw the circle
                    if (!flight.IsWanted)
                        return Landing<T>.Nowhere;
                    return await RunInCircleAsync(flight, order).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks the owner; one of many keys first without a wait, so that those which are this process's to load need not wait for others.</summary>
    private async ValueTask<Answer> AskAsync<TState, T>(LoadOrder<TState, T> order, ReadRequest request, ReadEffort effort)
    {
        if (order.Seat is not { IsUndecided: true } seat)
            return await calls.ReadAsync(order.Key, request, effort).ConfigureAwait(false);
        using (await seat.CallAsync().ConfigureAwait(false))
        {
            var first = await calls.ReadAsync(order.Key, request with { WaitMilliseconds = 0 }, effort with { LongestWait = TimeSpan.Zero }).ConfigureAwait(false);
            if (!first.GaveUp)
                return first;
        }

        seat.Leave();
        return await calls.ReadAsync(order.Key, request, effort).ConfigureAwait(false);
    }

    private async ValueTask<Landing<T>> RunLeasedAsync<TState, T>(Flight? flight, LoadOrder<TState, T> order, LoadTicket ticket, Answer asked)
    {
        var key = order.Key;
        var hash = RoutingHash.Of(key.GrainKey);
        LoadScope.Enter(hash, flight);
        var context = LoadScope.Current!.Context;
        T value;
        bool isAbsent;
        RawValue raw;
        var began = clock.GetTimestamp();
        await using (var renewal = new LeaseRenewal(grains.GetGrain<IEntryGrain>(key.GrainKey), ticket, clock, logger, hash))
        {
            try
            {
                value = await order.MakeAsync(ticket, isBackground: flight is null, end.Token).ConfigureAwait(false);
                isAbsent = value is null || context.IsAbsent;
                raw = isAbsent ? ValueCodecs.Null : codecs.Encode(value);
            }
            catch (Exception e)
            {
                var failedAt = clock.GetTimestamp();
                var failed = await CompleteAsync(key, new() { Ticket = ticket, Kind = LoadResultKind.Failed, Problem = FactoryProblem.Of(e), OperationId = ids.Next() }).ConfigureAwait(false);
                if ((failed.Value ?? asked.Reply.Value) is { } old && codecs.TryDecode<T>(old, out var stale, out _) && order.IsValid(stale))
                {
                    logger.RefreshFailed(e, hash);
                    return new(new ReadReply { Status = ReadStatus.Stale, Value = old }, stale) { Until = failed.Value is null ? asked.DecidedAt : failedAt };
                }

                throw;
            }

            // Who comes from here on asks the owner, who may know of a change that this value does not.
            flights.Detach(key.GrainKey);
            if (raw.Bytes.Length > ValueCodecs.MaxBytes)
            {
                logger.TooLarge(hash, key.Region, raw.Bytes.Length, ValueCodecs.MaxBytes);
                var tooLarge = new LoadProblem { Kind = ProblemKind.TooLarge, Detail = "too-large", Message = ValueCodecs.TooLarge("The factory's value", raw.Bytes.Length) };
                await CompleteAsync(key, new() { Ticket = ticket, Kind = LoadResultKind.Failed, Problem = tooLarge, OperationId = ids.Next() }).ConfigureAwait(false);
                return Landings.Uncached(value, raw, isAbsent: false, began);
            }

            using var slot = order.Seat is null ? default : await order.Seat.CallAsync().ConfigureAwait(false);
            var done = await CompleteAsync(key, new()
            {
                Ticket = ticket,
                Kind = context.DoNotStore ? LoadResultKind.DoNotStore : isAbsent ? LoadResultKind.Absent : LoadResultKind.Value,
                Bytes = raw.Bytes,
                // Absence needs no type; a null that is not stored does, so that others who wait read it as one.
                ContentType = isAbsent && !context.DoNotStore ? null : raw.ContentType,
                Lifetime = order.Options.ToWire(context),
                OperationId = ids.Next(),
            }).ConfigureAwait(false);
            flights.Detach(key.GrainKey);
            return Landings.Loaded(value, raw, isAbsent, done);
        }
    }

    private async Task RefreshBehindAsync<TState, T>(LoadOrder<TState, T> order, LoadTicket ticket, long askedAt)
    {
        try
        {
            // The reader has its stale value at once, however long the factory runs before its first wait.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            LoadScope.Leave();
            if (HasLapsed(ticket, askedAt))
                await GiveBackAsync(order.Key, ticket).ConfigureAwait(false);
            else
                await RunLeasedAsync(null, order, ticket, default).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // nobody waits for it: the owner was told, the log says it, the stale value stays
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.RefreshFailed(e, RoutingHash.Of(order.Key.GrainKey));
        }
        finally
        {
            order.Seat?.Leave();
        }
    }

    private async ValueTask<Landing<T>> RunInCircleAsync<TState, T>(Flight? flight, LoadOrder<TState, T> order)
    {
        var request = new ReadRequest { Holder = ids.Process, OperationId = ids.Next(), LoadChain = LoadScope.Current?.Chain ?? default };
        try
        {
            var answer = await calls.ReadAsync(order.Key, request, new() { Patience = PatienceOf(order.SurvivesOutage) }).ConfigureAwait(false);
            if (answer.Reply.Value is { } found && codecs.TryDecode<T>(found, out var value, out _) && order.IsValid(value))
                return Landing<T>.Of(answer, value);
        }
        catch (CacheUnavailableException e) when (order.SurvivesOutage)
        {
            _isAway = true;
            return await RunAloneAsync(flight, order, e).ConfigureAwait(false);
        }

        logger.Circle(RoutingHash.Of(order.Key.GrainKey));
        return await MakeAloneAsync(flight, order).ConfigureAwait(false);
    }

    private ValueTask<Landing<T>> RunAloneAsync<TState, T>(Flight? flight, LoadOrder<TState, T> order, Exception? why)
    {
        logger.RunsUnshared(why, RoutingHash.Of(order.Key.GrainKey));
        return MakeAloneAsync(flight, order);
    }

    private async ValueTask<Landing<T>> MakeAloneAsync<TState, T>(Flight? flight, LoadOrder<TState, T> order)
    {
        var (terms, refusal) = order.Seat is null
            ? await permits.TakeAsync(order.Options.Limiter, end.Token).ConfigureAwait(false)
            : (await permits.TermsAsync(order.Options.Limiter, end.Token).ConfigureAwait(false), null);
        if (refusal is not null)
            return new(new ReadReply { Status = ReadStatus.Failed, Problem = refusal }, default);
        LoadScope.Enter(RoutingHash.Of(order.Key.GrainKey), flight);
        var began = clock.GetTimestamp();
        var value = await order.MakeAsync(terms, isBackground: false, end.Token).ConfigureAwait(false);
        var isAbsent = value is null || LoadScope.Current!.Context.IsAbsent;
        return Landings.Uncached(value, isAbsent ? ValueCodecs.Null : codecs.Encode(value), isAbsent, began);
    }

    private TimeSpan? PatienceOf(bool survivesOutage) => !survivesOutage ? null : _isAway ? TimeSpan.Zero : OutagePatience;

    private bool HasLapsed(LoadTicket ticket, long askedAt) =>
        ticket.PermitMilliseconds > 0 && clock.GetElapsedTime(askedAt) >= TimeSpan.FromMilliseconds(ticket.PermitMilliseconds);

    private ValueTask<LoadReply> GiveBackAsync(CacheKey key, LoadTicket ticket) =>
        CompleteAsync(key, new() { Ticket = ticket, Kind = LoadResultKind.Failed, OperationId = ids.Next() });

    private ValueTask<LoadReply> CompleteAsync(CacheKey key, LoadCompletion completion) => calls.CompleteAsync(key, completion, logger);

    private async ValueTask RemoveAsync(CacheKey key, long version)
    {
        var request = new RemoveRequest { OperationId = ids.Next(), Condition = ConditionKind.IfVersion, Version = version };
        await calls.CallAsync<IEntryGrain, WriteReply>(key.GrainKey, entry => entry.RemoveAsync(request, CancellationToken.None), static reply => reply.Status is not (WriteStatus.AskAgain or WriteStatus.NotOwner)).ConfigureAwait(false);
        flights.Detach(key.GrainKey);
    }
}
