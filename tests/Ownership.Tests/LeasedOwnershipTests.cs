using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Ownership.Tests;

/// <summary>The shell around the rules, under a clock driven by hand and a store in memory.</summary>
public sealed class LeasedOwnershipTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StoreInMemory _store = new();
    private readonly ManualCoarseClock _coarse;

    public LeasedOwnershipTests() => _coarse = new(_time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_paused_beyond_its_lease_finds_out_before_it_answers_and_renews_when_nobody_took_over()
    {
        await using var silo = await FencedAsync("a");

        _coarse.Pause = 10_000;
        Assert.False(silo.FenceHolds);
        var view = silo.View;
        await RunUntilAsync(() => silo.FenceHolds);

        Assert.Equal(view, silo.View);
    }

    [Fact]
    public async Task A_silo_that_cannot_renew_loses_the_fence_and_has_it_again_afterwards()
    {
        await using var silo = await FencedAsync("a");

        _store.IsAway = true;
        await RunUntilAsync(() => !silo.FenceHolds);
        _store.IsAway = false;

        await RunUntilAsync(() => silo.FenceHolds);
    }

    [Fact]
    public async Task The_fence_counts_from_before_the_renewal_was_sent()
    {
        await using var silo = await FencedAsync("a");
        _store.OnCall = () => { _coarse.Pause += 2000; _store.OnCall = () => { }; };
        var paused = _coarse.Pause;
        await RunUntilAsync(() => _coarse.Pause > paused && silo.FenceHolds);

        _coarse.Pause += 1000;

        Assert.False(silo.FenceHolds);
    }

    [Fact]
    public async Task A_successor_waits_for_the_lease_of_one_that_vanished_and_takes_the_next_view()
    {
        var first = await FencedAsync("a");
        var view = first.View;
        _store.Cut(first.Self);

        await using var second = Create("b");
        var starting = second.StartAsync(Cancellation);
        await RunUntilAsync(() => starting.IsCompleted);
        await starting;
        Assert.False(second.Owns(1));
        await RunUntilAsync(() => second.FenceHolds);

        Assert.False(first.FenceHolds);
        Assert.Equal(view + 1, second.EpochOf(1));
        await first.DisposeAsync();
        Assert.False(_store.View!.Members.Single().HasStopped);
    }

    [Fact]
    public async Task A_silo_that_turns_out_to_live_after_the_start_ends_the_other()
    {
        await using var first = await FencedAsync("a");
        _store.Cut(first.Self);
        await using var second = Create("b");
        StartRefusedException? refused = null;
        second.Refused += refusal => refused = refusal;
        var starting = second.StartAsync(Cancellation);
        await RunUntilAsync(() => starting.IsCompleted);
        await starting;

        _store.Mend(first.Self);
        await RunUntilAsync(() => refused is not null);

        Assert.Contains("Another silo (a,", refused!.Message, StringComparison.Ordinal);
        Assert.False(second.Owns(1));
    }

    [Fact]
    public async Task Waiting_for_the_fence_ends_when_it_holds_or_at_the_limit()
    {
        await using var silo = Create("a");
        await silo.StartAsync(Cancellation);
        var brief = silo.WaitForFenceAsync(TimeSpan.FromMilliseconds(100), Cancellation).AsTask();
        var wait = silo.WaitForFenceAsync(TimeSpan.FromMinutes(1), Cancellation).AsTask();

        await RunUntilAsync(() => wait.IsCompleted);

        Assert.False(await brief);
        Assert.True(await wait);
    }

    private LeasedOwnership Create(string name) => new(
        name, "test", _store.For(name), new SampledClusterClock(_time), _coarse, _time, NullLogger<LeasedOwnership>.Instance);

    private async Task<LeasedOwnership> FencedAsync(string name)
    {
        var silo = Create(name);
        await silo.StartAsync(Cancellation);
        await RunUntilAsync(() => silo.FenceHolds);
        return silo;
    }

    private Task RunUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            if (condition())
                return true;
            _time.Advance(TimeSpan.FromMilliseconds(50));
            return false;
        },
        cancellationToken: Cancellation);

    private sealed class ManualCoarseClock(TimeProvider time) : CoarseClock
    {
        // Time that passed while no timer fired.
        public long Pause { get; set; }

        public override long Milliseconds => Pause + (time.GetTimestamp() * 1000 / time.TimestampFrequency);
    }

    private sealed class StoreInMemory
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<Guid, SiloLease> _leases = [];
        private readonly HashSet<string> _cut = [];

        public ClusterView? View { get; private set; }

        public bool IsAway { get; set; }

        public Action OnCall { get; set; } = () => { };

        public IOwnershipStore For(string name) => new Access(this, name);

        public void Cut(string name) => _cut.Add(name);

        public void Mend(string name) => _cut.Remove(name);

        private sealed class Access(StoreInMemory store, string name) : IOwnershipStore
        {
            public ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken)
                => Run(() =>
                {
                    var renewed = expectedView is not null && store.View?.Number == expectedView && store._leases.ContainsKey(incarnation);
                    if (renewed)
                        store._leases[incarnation] = new(store._leases[incarnation].Counter + 1, sealedView);
                    return renewed;
                });

            public ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken)
                => Run(() =>
                {
                    if (store.View?.Number != change.Expected || change.Outwaited.Any(lease => store._leases.GetValueOrDefault(lease.Key) != lease.Value))
                        return false;
                    store._leases.Clear();
                    store._leases[incarnation] = new(1, change.Next.Number);
                    store.View = change.Next;
                    return true;
                });

            private ValueTask<OwnershipSnapshot> Run(Func<bool> step)
            {
                store.OnCall();
                if (store.IsAway || store._cut.Contains(name))
                    return ValueTask.FromException<OwnershipSnapshot>(new IOException("The store is away."));
                lock (store._lock)
                {
                    var applied = step();
                    return new(new OwnershipSnapshot(store.View, new Dictionary<Guid, SiloLease>(store._leases), 0, applied));
                }
            }
        }
    }
}
