using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Calls of one method for many keys: what is missing is loaded by as few calls of the integration as it offers.</summary>
internal sealed class BatchedCalls(OwnerCalls calls, IGrainFactory grains, Catalog catalog, FlightTable flights, OperationIds ids, TimeProvider clock, ILogger<BatchedCalls> logger)
{
    /// <summary>One reply for each of the arguments, in their order.</summary>
    /// <param name="integration">Its name.</param>
    /// <param name="method">Its method's.</param>
    /// <param name="args">Of each call.</param>
    /// <param name="caller">Who calls, for the origin; null for nobody.</param>
    /// <param name="alone">Makes one call by itself.</param>
    /// <param name="ct">Ends the caller's wait.</param>
    public async ValueTask<KeyResult<ReadReply>[]> CallAsync(
        string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CallerToken? caller, Func<CallTarget, Flight?, ValueTask<Landing<Nothing>>> alone, CancellationToken ct)
    {
        var targets = await BindAsync(integration, method, args, ct).ConfigureAwait(false);
        if (targets.Any(static target => target.Problem is not null))
        {
            // The description may be older than the configuration that knows these calls.
            catalog.Forget(integration);
            targets = await BindAsync(integration, method, args, ct).ConfigureAwait(false);
        }

        var form = (await catalog.DescribeAsync(integration, ct).ConfigureAwait(false))?.Methods.FirstOrDefault(m => m.Name == method);
        CallTarget[] distinct = [.. targets.Where(static target => target.Problem is null).DistinctBy(static target => target.Key)];
        var isForMany = distinct.ToLookup(target => distinct.Length > 1 && form is { Most: > 1 } && MayShare(form, target));
        Task<KeyResult<ReadReply>>[] loads;
        using (var gathering = new Gathering<Call, IReadOnlyDictionary<CacheKey, Task<LoadCompletion>>>(made => RunAsync(form!, caller, made), clock))
        {
            loads =
            [
                .. isForMany[true].Select(target => FlyAsync(
                    target, (Self: this, Call: new Call(target, caller, gathering)), static (flight, s) => s.Self.LoadAsync(flight!, s.Call), ct)),
            ];
        }

        var single = Concurrently.RunAsync([.. isForMany[false]], static target => target.Key, async target =>
            (await flights.FlyAsync(target.Key.GrainKey, FlightKind.Call, (target, alone), static (flight, s) => s.alone(s.target, flight), ct, target.Session).ConfigureAwait(false)).Reply, ct);
        var replies = (await single.ConfigureAwait(false)).Concat(await Task.WhenAll(loads).ConfigureAwait(false)).ToDictionary(static reply => reply.Key);
        return [.. targets.Select(target => target.Problem is { } wrong ? new(default, new ReadReply { Status = ReadStatus.Failed, Problem = wrong }) : replies[target.Key])];
    }

    private async ValueTask<CallTarget[]> BindAsync(string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CancellationToken ct)
    {
        var targets = new CallTarget[args.Count];
        for (var i = 0; i < targets.Length; i++)
            targets[i] = (await catalog.BindAsync(integration, method, args[i], ct).ConfigureAwait(false)).InSession();
        return targets;
    }

    /// <summary>A value that has the separator in it would be taken for two.</summary>
    private static bool MayShare(MethodDescription form, CallTarget target) =>
        form.Varies is null || target.Arguments.FirstOrDefault(argument => argument.Name == form.Varies).Value is { Length: > 0 } value
            && !(form.Separator is { } separator && value.Contains(separator, StringComparison.Ordinal));

    private async Task<KeyResult<ReadReply>> FlyAsync<TState>(CallTarget target, TState state, Func<Flight?, TState, ValueTask<Landing<Nothing>>> run, CancellationToken ct) =>
        await Concurrently.OneAsync(
            target.Key, async _ => (await flights.FlyAsync(target.Key.GrainKey, FlightKind.Call, state, run, ct).ConfigureAwait(false)).Reply, 0, ct).ConfigureAwait(false);

    private async ValueTask<Landing<Nothing>> LoadAsync(Flight flight, Call call)
    {
        var key = call.Target.Key;
        call.Seat.Take(flight);
        try
        {
            var answer = await AskAsync(flight, call).ConfigureAwait(false);
            if (answer is { GaveUp: false, Reply: { Status: ReadStatus.Lease, Ticket: { } ticket } })
                return await RunLeasedAsync(flight, call, ticket).ConfigureAwait(false);
            flights.Seen(key.GrainKey, answer.Reply);
            return answer.GaveUp ? Landing<Nothing>.Nowhere : Landing<Nothing>.Of(answer, default);
        }
        finally
        {
            call.Seat.Leave();
        }
    }

    /// <summary>First without a wait, so that keys which are this process's to load need not wait for others.</summary>
    private async ValueTask<Answer> AskAsync(Flight flight, Call call)
    {
        var request = new ReadRequest
        {
            Load = LoadMode.Batched,
            Arguments = call.Target.Arguments,
            Caller = call.Caller,
            Holder = ids.Process,
            OperationId = ids.Next(),
            LoadChain = LoadScope.Current?.Chain ?? default,
        };
        using (await call.Seat.CallAsync().ConfigureAwait(false))
        {
            var first = await calls.ReadAsync(call.Target.Key, request, new() { Flight = flight, LongestWait = TimeSpan.Zero }).ConfigureAwait(false);
            if (!first.GaveUp)
                return first;
        }

        call.Seat.Leave();
        return await calls.ReadAsync(call.Target.Key, request with { WaitMilliseconds = calls.SliceMilliseconds }, new() { Flight = flight }).ConfigureAwait(false);
    }

    private async ValueTask<Landing<Nothing>> RunLeasedAsync(Flight flight, Call call, LoadTicket ticket)
    {
        var key = call.Target.Key;
        LoadCompletion made;
        LoadReply done;
        await using (new LeaseRenewal(grains.GetGrain<IEntryGrain>(key.GrainKey), ticket, clock, logger, RoutingHash.Of(key.GrainKey)).ConfigureAwait(false))
        {
            try
            {
                // Nobody waits for it any more: the lease goes to the next who asks.
                made = flight.IsWanted ? await (await call.MakeAsync().ConfigureAwait(false))[key].ConfigureAwait(false) : default;
            }
            catch (CacheUnavailableException e)
            {
                made = new() { Problem = new() { Kind = ProblemKind.Unavailable, Detail = "unreachable", Message = e.Message } };
            }

            made = made with { Ticket = ticket, OperationId = ids.Next() };
            flights.Detach(key.GrainKey);
            using (await call.Seat.CallAsync().ConfigureAwait(false))       // the lease is renewed while others have their turn
                done = await calls.CompleteAsync(key, made, logger).ConfigureAwait(false);
        }

        flights.Detach(key.GrainKey);
        return made is { Kind: LoadResultKind.Failed, Problem: null } ? Landing<Nothing>.Nowhere : Landings.Made(made, done);
    }

    /// <summary>One round: a call for each group of keys that differ in what they may, none for more keys than it may be for.</summary>
    private Task<IReadOnlyDictionary<CacheKey, Task<LoadCompletion>>> RunAsync(MethodDescription form, CallerToken? caller, IReadOnlyList<Call> made)
    {
        var ends = new Dictionary<CacheKey, Task<LoadCompletion>>();
        foreach (var chunk in made.GroupBy(call => call.Group(form.Varies)).SelectMany(group => group.Chunk(form.Most)))
        {
            var items = CallOriginAsync(form.Region, caller, [.. chunk.Select(static call => new BatchItem(call.Target.Arguments))]);
            foreach (var (index, call) in chunk.Index())
                ends.Add(call.Target.Key, OneOfAsync(items, index));
        }

        return Task.FromResult<IReadOnlyDictionary<CacheKey, Task<LoadCompletion>>>(ends);

        static async Task<LoadCompletion> OneOfAsync(Task<ImmutableArray<LoadCompletion>> items, int index) => (await items.ConfigureAwait(false))[index];
    }

    private async Task<ImmutableArray<LoadCompletion>> CallOriginAsync(string region, CallerToken? caller, ImmutableArray<BatchItem> items)
    {
        var request = new BatchRequest { Region = region, Items = items, Caller = caller, WaitMilliseconds = calls.SliceMilliseconds };
        return (await calls.CallAsync<IBatchGrain, BatchRequest, BatchReply>(
            ids.Next().ToString("N"), request, static (grain, request) => grain.CallAsync(request), static reply => reply.IsDone).ConfigureAwait(false)).Items;
    }

    /// <summary>One of the calls.</summary>
    private sealed class Call(CallTarget target, CallerToken? caller, Gathering<Call, IReadOnlyDictionary<CacheKey, Task<LoadCompletion>>> gathering)
    {
        public CallTarget Target => target;

        /// <summary>For a refresh behind a stale value, which is the silo's.</summary>
        public CallerToken? Caller => caller;

        public BatchSeat Seat { get; } = new(gathering);

        public Task<IReadOnlyDictionary<CacheKey, Task<LoadCompletion>>> MakeAsync() => gathering.MakeAsync(this, 0, Seat);

        /// <summary>The same for calls that differ in one argument alone.</summary>
        public string Group(string? varies) => varies is null ? "" : ArgumentKey.Of([.. target.Arguments.Where(argument => argument.Name != varies)]);
    }
}
