using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One get-or-create of many keys: each is asked for as alone, and the caller's factory runs once for those that fall to this process.</summary>
internal sealed class LoadBatch<T> : IDisposable
{
    private readonly Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> _factory;
    private readonly EntryOptions _options;
    private readonly CallPlanParts _parts;
    private readonly CallPlan<Made>? _attempts;
    private readonly CallPlan<T>? _rules;
    private readonly LoadScope? _outer = LoadScope.Current;
    private readonly Gathering<Order, (Made Made, LoadContext Context)> _gathering;

    public LoadBatch(Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> factory, EntryOptions options, CallPlanParts parts)
    {
        (_factory, _options, _parts) = (factory, options, parts);
        var strategy = options as CacheStrategy;
        (_attempts, _rules) = (strategy?.PlanOf<Made>(parts), strategy?.PlanOf<T>(parts));
        _gathering = new(RunAsync, parts.Clock);
    }

    /// <summary>Every key has been asked for.</summary>
    public void Dispose() => _gathering.Dispose();

    private async Task<(Made Made, LoadContext Context)> RunAsync(IReadOnlyList<Order> orders)
    {
        var (ticket, isBackground, ct) = orders[0].Terms;
        ImmutableArray<Flight> flights = isBackground ? [] : [.. orders.Select(static order => order.Seat.Flight).OfType<Flight>()];
        LoadScope.Enter([.. orders.Select(static order => RoutingHash.Of(order.Key.GrainKey))], flights, isBackground ? null : _outer);
        var context = LoadScope.Current!.Context;
        IReadOnlyList<CacheKey> keys = [.. orders.Select(static order => order.Key)];
        var run = new CallRun(_options.Limiter, ticket, isBackground);
        await run.TakePermitAsync(_parts.Permits, ct).ConfigureAwait(false);
        var made = _attempts is null
            ? await CallAsync((_factory, keys), ct).ConfigureAwait(false)
            : await _attempts.RunAsync(run, (_factory, keys), static (call, ct) => CallAsync(call, ct), ct).ConfigureAwait(false);
        return (made, context);
    }

    private static async ValueTask<Made> CallAsync(
        (Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> Make, IReadOnlyList<CacheKey> Keys) call, CancellationToken ct) =>
        new(await call.Make(call.Keys, ct).ConfigureAwait(false)
            ?? throw new InvalidOperationException("The factory for many keys returned null; return a dictionary, without the keys that there is nothing for."));

    /// <summary>What one run of the factory made: a type of its own, which no rule for results is for.</summary>
    private readonly record struct Made(IReadOnlyDictionary<CacheKey, T> Values);

    /// <summary>One of the keys.</summary>
    internal sealed class Order : LoadOrder<Nothing, T>
    {
        private readonly LoadBatch<T> _batch;

        public Order(CacheKey key, LoadBatch<T> batch)
            : base(key, default, null!, batch._options) => (_batch, Seat) = (batch, new(batch._gathering));

        public override BatchSeat Seat { get; }

        /// <summary>What its load runs under.</summary>
        public (LoadTicket? Ticket, bool IsBackground, CancellationToken Ct) Terms { get; private set; }

        public override async ValueTask<T> MakeAsync(LoadTicket? ticket, bool isBackground, CancellationToken ct)
        {
            Terms = (ticket, isBackground, ct);
            var (made, all) = await _batch._gathering.MakeAsync(this, isBackground ? 1 : 0, Seat).ConfigureAwait(false);
            var context = LoadScope.Current!.Context;
            context.Add(all);
            if (made.Values.TryGetValue(Key, out var value))
                return _batch._rules is null ? value : _batch._rules.Judged(value);
            context.IsAbsent = true;
            return default!;
        }

        public override bool IsValid(T? value) => _batch._rules is null || _batch._rules.IsValid(value);
    }
}
