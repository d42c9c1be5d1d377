using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>
/// One get-or-create of many keys. Each key is asked for as alone; those whose loads become this process's are gathered until every key has had
/// its first answer, and then the caller's factory runs once for them all. A key that somebody else loads is waited for, and holds up nobody.
/// </summary>
internal sealed class LoadBatch<T>(
    Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> factory, EntryOptions options, CallPlanParts parts) : IDisposable
{
    /// <summary>A silo that is slow to answer holds up what the others gave no longer than this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Keys that fall to this process later are gathered this long.</summary>
    private static readonly TimeSpan LateComers = TimeSpan.FromMilliseconds(20);

    private readonly CallPlan<Made>? _attempts = (options as CacheStrategy)?.PlanOf<Made>(parts);
    private readonly CallPlan<T>? _rules = (options as CacheStrategy)?.PlanOf<T>(parts);
    private readonly LoadScope? _outer = LoadScope.Current;
    private readonly SemaphoreSlim _slots = new(Concurrently.Degree);
    private readonly Lock _gate = new();
    private Round? _foreground;
    private Round? _background;
    private int _undecided = 1;     // the caller, who has not named all keys yet

    public EntryOptions Options => options;

    public bool IsValid(T? value) => _rules is null || _rules.IsValid(value);

    /// <summary>Every key has been asked for.</summary>
    public void Dispose() => Decide();

    /// <summary>A key's load waits for the round that makes its value.</summary>
    private async ValueTask<T> MakeAsync(Order order, LoadTicket? ticket, bool isBackground, CancellationToken ct)
    {
        Round round;
        lock (_gate)
        {
            var patience = _undecided > 0 ? Patience : LateComers;
            round = isBackground ? _background ??= new(this, ticket, isBackground, patience, ct) : _foreground ??= new(this, ticket, isBackground, patience, ct);
            round.Orders.Add(order);
        }

        order.Seat!.Leave();
        var (made, all) = await round.Done.Task.ConfigureAwait(false);
        var context = LoadScope.Current!.Context;
        context.Add(all);
        if (made.Values.TryGetValue(order.Key, out var value))
            return _rules is null ? value : _rules.Judged(value);
        context.IsAbsent = true;
        return default!;
    }

    private void Decide()
    {
        lock (_gate)
        {
            if (--_undecided > 0)
                return;
        }

        Run();
    }

    private void Run()
    {
        Round? foreground, background;
        lock (_gate)
            (foreground, background, _foreground, _background) = (_foreground, _background, null, null);

        _ = foreground?.RunAsync();
        _ = background?.RunAsync();
    }

    private async ValueTask<Made> CallAsync(CallRun run, IReadOnlyList<CacheKey> keys, CancellationToken ct)
    {
        await run.TakePermitAsync(parts.Permits, ct).ConfigureAwait(false);
        return _attempts is null
            ? await RunFactoryAsync((factory, keys), ct).ConfigureAwait(false)
            : await _attempts.RunAsync(run, (factory, keys), static (call, ct) => RunFactoryAsync(call, ct), ct).ConfigureAwait(false);
    }

    private static async ValueTask<Made> RunFactoryAsync(
        (Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> Make, IReadOnlyList<CacheKey> Keys) call, CancellationToken ct) =>
        new(await call.Make(call.Keys, ct).ConfigureAwait(false)
            ?? throw new InvalidOperationException("The factory for many keys returned null; return a dictionary, without the keys that there is nothing for."));

    /// <summary>What one run of the factory made: a type of its own, which no rule for results is for.</summary>
    private readonly record struct Made(IReadOnlyDictionary<CacheKey, T> Values);

    /// <summary>One run of the factory.</summary>
    private sealed class Round
    {
        private readonly LoadBatch<T> _batch;
        private readonly LoadTicket? _ticket;
        private readonly bool _isBackground;
        private readonly CancellationToken _ct;
        private readonly ITimer _patience;

        public Round(LoadBatch<T> batch, LoadTicket? ticket, bool isBackground, TimeSpan patience, CancellationToken ct)
        {
            (_batch, _ticket, _isBackground, _ct) = (batch, ticket, isBackground, ct);
            _patience = batch.Parts.Clock.CreateTimer(static batch => ((LoadBatch<T>)batch!).Run(), batch, patience, Timeout.InfiniteTimeSpan);
        }

        public List<Order> Orders { get; } = [];

        public TaskCompletionSource<(Made Made, LoadContext Context)> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task RunAsync()
        {
            await _patience.DisposeAsync().ConfigureAwait(false);
            try
            {
                ImmutableArray<Flight> flights = _isBackground ? [] : [.. Orders.Select(static order => order.Flight).OfType<Flight>()];
                LoadScope.Enter([.. Orders.Select(static order => RoutingHash.Of(order.Key.GrainKey))], flights, _isBackground ? null : _batch._outer);
                var run = new CallRun(_batch.Options.Limiter, _ticket, _isBackground);
                var made = await _batch.CallAsync(run, [.. Orders.Select(static order => order.Key)], _ct).ConfigureAwait(false);
                Done.SetResult((made, LoadScope.Current!.Context));
            }
#pragma warning disable CA1031 // it is each key's failure
            catch (Exception e)
#pragma warning restore CA1031
            {
                Done.SetException(e);
            }
        }
    }

    private CallPlanParts Parts => parts;

    /// <summary>One of the keys.</summary>
    internal sealed class Order : LoadOrder<Nothing, T>
    {
        private readonly LoadBatch<T> _batch;
        private readonly OwnSeat _seat;

        public Order(CacheKey key, LoadBatch<T> batch)
            : base(key, default, null!, batch.Options) => (_batch, _seat) = (batch, new(batch));

        public override BatchSeat? Seat => _seat;

        public Flight? Flight => _seat.Flight;

        public override ValueTask<T> MakeAsync(LoadTicket? ticket, bool isBackground, CancellationToken ct) => _batch.MakeAsync(this, ticket, isBackground, ct);

        public override bool IsValid(T? value) => _batch.IsValid(value);
    }

    private sealed class OwnSeat(LoadBatch<T> batch) : BatchSeat
    {
        private int _state;

        public Flight? Flight { get; private set; }

        public override bool IsUndecided => Volatile.Read(ref _state) == 1;

        public override void Take(Flight flight)
        {
            Flight = flight;
            if (Interlocked.CompareExchange(ref _state, 1, 0) != 0)
                return;
            lock (batch._gate)
                batch._undecided++;
        }

        public override void Leave()
        {
            if (Interlocked.CompareExchange(ref _state, 2, 1) == 1)
                batch.Decide();
        }

        public override async ValueTask<Slot> CallAsync()
        {
            await batch._slots.WaitAsync().ConfigureAwait(false);
            return new(batch._slots);
        }
    }
}
