using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public sealed class PermitDeskTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeOwnership _ownership = new();
    private readonly FakeClusterClock _clusterClock;
    private readonly LimiterStore _store = new();
    private readonly TestMeters _meters = new();
    private readonly Limits _limits = new();
    private int _deactivations;

    public PermitDeskTests() => _clusterClock = new(_clock);

    public void Dispose() => _meters.Dispose();

    [Fact]
    public async Task A_permit_is_recorded_before_it_is_granted()
    {
        _limits.Are(new(PerSecond: 5));
        _store.Fault = () => StoreFault.Held;
        var desk = Desk();

        var asked = desk.AcquireAsync(Ask(wait: 1_000));
        Assert.False(asked.IsCompleted);
        Assert.Equal(1, _store.Record!.Open);
        _store.Held[0].SetResult();

        Assert.Equal(PermitStatus.Granted, (await asked).Status);
    }

    [Fact]
    public async Task A_slow_store_makes_callers_wait_outside()
    {
        _limits.Are(new(PerSecond: 5));
        _store.Fault = () => StoreFault.Held;
        var desk = Desk();

        var asked = desk.AcquireAsync(Ask(wait: 1_000));
        _clock.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Equal(PermitStatus.Wait, (await asked).Status);
    }

    [Theory]
    [InlineData(false, nameof(PermitStatus.Recording), 0)]
    [InlineData(true, nameof(PermitStatus.Refused), 1)]
    public async Task A_slow_store_refuses_nobody_who_is_waited_for_and_would_not_wait_for_the_limit(bool background, string status, int refused)
    {
        _limits.Are(new(PerSecond: 5));
        _store.Fault = () => StoreFault.Held;
        var desk = Desk();

        var asked = desk.AcquireAsync(Ask() with { Background = background });
        _clock.Advance(TimeSpan.FromMilliseconds(10));

        var reply = await asked;
        Assert.Equal((status, 5), ($"{reply.Status}", (int)reply.RetryAfterMilliseconds));
        Assert.Equal((0, refused), (desk.Describe().ForegroundWaiting + desk.Describe().BackgroundWaiting, desk.Describe().Refused));
        _store.Held[0].SetResult();
        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task The_next_chunk_is_recorded_while_the_last_is_given()
    {
        _limits.Are(new(PerSecond: 1_000));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        _store.Fault = () => StoreFault.Held;

        for (var i = 0; i < 9; i++)
            Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);

        Assert.Equal(2, _store.Writes);
        Assert.Single(_store.Held);
    }

    [Fact]
    public async Task After_a_crash_the_open_chunk_counts_as_given_at_the_restart()
    {
        _limits.Are(new(PerSecond: 1_000));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        _clock.Advance(TimeSpan.FromSeconds(10));

        var after = Desk();

        Assert.Equal("10 of 1000 a second", after.Describe().Windows);
    }

    [Fact]
    public async Task After_a_crash_what_was_given_before_counts_from_when_it_was_given()
    {
        _limits.Are(new(PerMinute: 10));
        var desk = Desk();
        for (var i = 0; i < 10; i++)
            Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
        _clock.Advance(TimeSpan.FromSeconds(59));

        var refused = await Desk().AcquireAsync(Ask());

        Assert.Equal(PermitStatus.Refused, refused.Status);
        Assert.Equal(1_050, refused.RetryAfterMilliseconds);
    }

    [Fact]
    public async Task After_a_clean_stop_nothing_counts_that_was_not_given()
    {
        _limits.Are(new(PerSecond: 1_000));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        await desk.CloseAsync(CancellationToken.None);

        Assert.Equal("1 of 1000 a second", Desk().Describe().Windows);
    }

    [Fact]
    public async Task A_clock_that_went_back_makes_nothing_lapse_early_and_holds_nothing_for_ever()
    {
        _limits.Are(new(PerMinute: 10));
        var desk = Desk();
        for (var i = 0; i < 10; i++)
            await desk.AcquireAsync(Ask());
        _clock.Advance(TimeSpan.FromSeconds(20));
        await desk.CloseAsync(CancellationToken.None);
        _clusterClock.Off = -3_600_000_000;

        var after = Desk();

        Assert.Equal(40_050, (await after.AcquireAsync(Ask())).RetryAfterMilliseconds);
        _clock.Advance(TimeSpan.FromMilliseconds(40_050));
        Assert.Equal(PermitStatus.Granted, (await after.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task A_record_is_not_dated_before_the_one_that_it_replaces()
    {
        _limits.Are(new(PerMinute: 2));
        _clusterClock.Off = 3_600_000_000;
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        await desk.CloseAsync(CancellationToken.None);
        _clusterClock.Off = 0;
        desk = Desk();
        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
        await desk.CloseAsync(CancellationToken.None);

        _clusterClock.Off = 3_600_000_000;

        Assert.Equal(PermitStatus.Refused, (await Desk().AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task An_activation_that_recorded_nothing_does_not_close_what_another_left_open()
    {
        _limits.Are(new(PerSecond: 1_000));
        var owner = Desk();
        await owner.AcquireAsync(Ask());

        await Desk().CloseAsync(CancellationToken.None);

        Assert.Equal((10, 1), (_store.Record!.Open, _store.Writes));
    }

    [Theory]
    [InlineData(-100_000, 100_000)]
    [InlineData(-100_000, -100_000)]
    [InlineData(100_000, 100_000)]
    public async Task What_the_clusters_clock_does_not_know_for_certain_lets_nothing_lapse_early(long offAtWrite, long offAtRead)
    {
        _limits.Are(new(PerMinute: 1));
        (_clusterClock.Error, _clusterClock.Off) = (100_000, offAtWrite);
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        await desk.CloseAsync(CancellationToken.None);

        _clusterClock.Off = offAtRead;
        _clock.Advance(TimeSpan.FromMilliseconds(60_049));

        Assert.Equal(PermitStatus.Refused, (await Desk().AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task Without_the_fence_nothing_is_granted()
    {
        _limits.Are(new(PerSecond: 5));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        _ownership.FenceHolds = false;

        var refused = await desk.AcquireAsync(Ask());

        Assert.Equal((PermitStatus.Unproven, 50), (refused.Status, (int)refused.RetryAfterMilliseconds));
    }

    [Fact]
    public async Task A_fence_that_falls_while_the_store_writes_grants_nothing()
    {
        _limits.Are(new(PerSecond: 5));
        _store.Fault = () => StoreFault.Held;
        var asked = Desk().AcquireAsync(Ask(wait: 1_000));
        _ownership.FenceHolds = false;
        _store.Held[0].SetResult();

        Assert.Equal(PermitStatus.Unproven, (await asked).Status);
    }

    [Fact]
    public async Task A_silo_that_does_not_own_the_limiter_says_so_and_ends_the_activation()
    {
        _limits.Are(new(PerSecond: 5));
        _ownership.OwnsAll = false;

        Assert.Equal(PermitStatus.NotOwner, (await Desk().AcquireAsync(Ask())).Status);
        Assert.Equal(1, _deactivations);
    }

    [Fact]
    public void A_silo_that_does_not_own_the_limiter_neither_pauses_nor_describes_it()
    {
        _limits.Are(new(PerSecond: 5));
        var owned = Desk();
        Assert.True(owned.Pause(TimeSpan.FromSeconds(1)));
        Assert.False(owned.Describe().IsRefusal);
        _ownership.OwnsAll = false;
        var other = Desk();

        Assert.False(other.Pause(TimeSpan.FromSeconds(1)));

        Assert.Equal((true, 0, 1), (other.Describe().IsRefusal, other.Describe().PausedMilliseconds, _deactivations));
    }

    [Fact]
    public async Task A_limiter_that_another_silo_had_for_a_while_is_opened_anew()
    {
        _limits.Are(new(PerSecond: 5));
        var desk = Desk();
        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);

        _ownership.View = 3;

        Assert.Equal(PermitStatus.NotOwner, (await desk.AcquireAsync(Ask())).Status);
        Assert.Equal(1, _deactivations);
    }

    [Fact]
    public async Task A_limiter_that_began_before_its_former_owner_had_ended_grants_nothing()
    {
        _limits.Are(new(PerSecond: 5));
        _ownership.OwnsAll = false;
        var desk = Desk();
        _ownership.OwnsAll = true;

        Assert.Equal(PermitStatus.NotOwner, (await desk.AcquireAsync(Ask())).Status);
        Assert.Equal(1, _deactivations);
    }

    [Fact]
    public async Task With_the_store_away_permits_are_refused_shortly_and_given_again_when_it_is_back()
    {
        _limits.Are(new(PerSecond: 5));
        var desk = Desk();
        _store.Fault = () => StoreFault.Lost;
        var refused = await desk.AcquireAsync(Ask());
        Assert.Equal((PermitStatus.Refused, 250, PermitHold.Away), (refused.Status, (int)refused.RetryAfterMilliseconds, refused.Hold));
        Assert.Equal(1, _store.Writes);
        await desk.AcquireAsync(Ask());
        Assert.Equal(1, _store.Writes);

        _store.Fault = () => StoreFault.None;
        _clock.Advance(TimeSpan.FromMilliseconds(250));

        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task A_record_that_somebody_else_wrote_ends_the_activation()
    {
        _limits.Are(new(PerSecond: 5));
        var (stale, other) = (Desk(), Desk());
        await other.AcquireAsync(Ask());

        Assert.Equal(PermitStatus.Refused, (await stale.AcquireAsync(Ask())).Status);
        Assert.Equal(1, _deactivations);
    }

    [Fact]
    public async Task A_limiter_whose_key_another_silo_gets_grants_nothing_more()
    {
        _limits.Are(new(PerSecond: 5));
        var desk = Desk();
        await desk.AcquireAsync(Ask());

        _ownership.OwnsAll = false;

        Assert.Equal(PermitStatus.NotOwner, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task After_somebody_elses_record_the_rest_of_a_chunk_is_not_given()
    {
        _limits.Are(new(PerSecond: 1_000));
        var stale = Desk();
        await stale.AcquireAsync(Ask());
        await Desk().AcquireAsync(Ask());
        while (_deactivations == 0)
            Assert.Equal(PermitStatus.Granted, (await stale.AcquireAsync(Ask())).Status);

        Assert.Equal(PermitStatus.Refused, (await stale.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task Without_limits_no_permit_is_needed_and_nothing_is_written()
    {
        Assert.Equal(PermitStatus.Unlimited, (await Desk().AcquireAsync(Ask())).Status);
        Assert.Equal(0, _store.Writes);
    }

    [Fact]
    public async Task Changed_limits_hold_at_once_and_reset_nothing()
    {
        _limits.Are(new(PerSecond: 5));
        var desk = Desk();
        for (var i = 0; i < 5; i++)
            await desk.AcquireAsync(Ask());

        _limits.Are(new(PerSecond: 7));

        var statuses = new List<PermitStatus>();
        for (var i = 0; i < 3; i++)
            statuses.Add((await desk.AcquireAsync(Ask())).Status);
        Assert.Equal([PermitStatus.Granted, PermitStatus.Granted, PermitStatus.Refused], statuses);
    }

    [Fact]
    public async Task A_pause_survives_a_crash_that_follows_a_write_and_is_never_longer_than_five_minutes()
    {
        _limits.Are(new(PerSecond: 1));
        var desk = Desk();
        desk.Pause(TimeSpan.FromDays(1));

        Assert.Equal(300_000, (await desk.AcquireAsync(Ask())).RetryAfterMilliseconds);
        await desk.CloseAsync(CancellationToken.None);
    }

    [Fact]
    public async Task What_is_left_of_a_pause_holds_after_a_restart()
    {
        _limits.Are(new(PerSecond: 5));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        desk.Pause(TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(2));
        await desk.CloseAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(3));

        var after = Desk();

        Assert.Equal(5_000, after.Describe().PausedMilliseconds);
        Assert.Equal((PermitStatus.Refused, 5_000, PermitHold.Pause), await after.AcquireAsync(Ask()) is var refused ? (refused.Status, (int)refused.RetryAfterMilliseconds, refused.Hold) : default);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(PermitStatus.Granted, (await after.AcquireAsync(Ask())).Status);
        Assert.Equal(0, after.Describe().PausedMilliseconds);
    }

    [Fact]
    public async Task A_pause_holds_calls_without_a_limit_too_and_no_pause_is_none()
    {
        var desk = Desk();
        Assert.True(desk.Pause(TimeSpan.FromSeconds(-1)));
        Assert.Equal(PermitStatus.Unlimited, (await desk.AcquireAsync(Ask())).Status);

        desk.Pause(TimeSpan.FromSeconds(1));

        Assert.Equal(PermitStatus.Refused, (await desk.AcquireAsync(Ask())).Status);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(PermitStatus.Unlimited, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task While_an_activation_ends_nothing_is_granted_and_what_was_reserved_is_closed()
    {
        _limits.Are(new(PerSecond: 1_000));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        _store.Fault = () => StoreFault.Held;
        while (_store.Held.Count == 0)
            Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
        var given = desk.Describe().Granted;

        var end = desk.CloseAsync(CancellationToken.None);
        var asked = desk.AcquireAsync(Ask(wait: 1_000)).AsTask();
        Assert.False(asked.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(PermitStatus.Wait, (await asked).Status);
        _store.Fault = () => StoreFault.None;
        _store.Held[0].SetResult();
        await end;

        Assert.Equal((0, given), (_store.Record!.Open, desk.Describe().Granted));
        Assert.Equal($"{given} of 1000 a second", Desk().Describe().Windows);
    }

    [Fact]
    public async Task The_end_of_an_activation_waits_no_longer_than_two_seconds_for_a_store_that_hangs()
    {
        _limits.Are(new(PerSecond: 5));
        _store.Fault = () => StoreFault.Held;
        var desk = Desk();
        var asked = desk.AcquireAsync(Ask(wait: 1_000));
        var end = desk.CloseAsync(CancellationToken.None);
        Assert.False(end.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(2));

        await end;
        await asked;
        Assert.Equal(1, _store.Writes);
    }

    [Fact]
    public async Task With_the_store_away_the_end_of_an_activation_tries_it_no_more()
    {
        _limits.Are(new(PerSecond: 1_000));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        _store.Fault = () => StoreFault.Lost;
        for (var i = 0; i < 20; i++)
            await desk.AcquireAsync(Ask());
        var writes = _store.Writes;

        await desk.CloseAsync(CancellationToken.None);

        Assert.Equal(writes, _store.Writes);
    }

    [Fact]
    public async Task A_store_that_hangs_for_a_second_counts_as_away()
    {
        _limits.Are(new(PerSecond: 5));
        _store.Fault = () => StoreFault.Held;
        var desk = Desk();
        var first = desk.AcquireAsync(Ask(wait: 10_000));
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(PermitStatus.Wait, (await first).Status);
        _clock.Advance(TimeSpan.FromMilliseconds(991));

        var refused = await desk.AcquireAsync(Ask(wait: 10_000));

        Assert.Equal((PermitStatus.Refused, 250, PermitHold.Away), (refused.Status, (int)refused.RetryAfterMilliseconds, refused.Hold));
    }

    [Fact]
    public async Task A_place_that_is_given_up_is_not_counted_as_a_refusal()
    {
        _limits.Are(new(PerSecond: 1));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        var waiting = Ask(wait: 10_000);
        await desk.AcquireAsync(waiting);
        await desk.AcquireAsync(Ask());

        await desk.AcquireAsync(waiting with { WaitMilliseconds = -1 });

        Assert.Equal((1, 1, 0), (desk.Describe().Granted, desk.Describe().Refused, desk.Describe().ForegroundWaiting));
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_counts_as_all_used()
    {
        _limits.Are(new(PerSecond: 1));
        await Desk().AcquireAsync(Ask());
        _store.Record!.Windows = [1, 200];

        Assert.Equal(1_050, (await Desk().AcquireAsync(Ask())).RetryAfterMilliseconds);
    }

    [Fact]
    public async Task Outcomes_and_classes_are_counted()
    {
        _limits.Are(new(PerSecond: 1));
        var desk = Desk();
        await desk.AcquireAsync(Ask());
        await desk.AcquireAsync(Ask() with { Background = true });

        Assert.Equal(1, _meters.Count("orleanscache.limiter.permits", "cache.integration=partner", "limiter.outcome=granted", "limiter.class=foreground"));
        Assert.Equal(1, _meters.Count("orleanscache.limiter.permits", "cache.integration=partner", "limiter.outcome=refused", "limiter.class=background"));
    }

    [Fact]
    public void The_record_stays_small_however_many_permits_it_counts()
    {
        var windows = new PermitWindows();
        windows.Apply(new(PerSecond: 10_000, PerDay: 10_000));
        var now = 1_000_000_000_000L;
        for (var i = 0; i < 200_000; i++)
            windows.Add(now += 431_000);

        Assert.InRange(WindowRecord.Pack(windows, now).Length, 100, 4 * 102 * 8);
    }

    [Fact]
    public async Task Crashes_at_random_moments_never_let_more_through_than_the_limits()
    {
        var ct = TestContext.Current.CancellationToken;
        for (var seed = 0; seed < 400; seed++)
        {
            using var world = new PermitDeskTests();
            await world.RandomLifeAsync(new(seed), ct);
        }
    }

    private async Task RandomLifeAsync(Random random, CancellationToken ct)
    {
        var limits = new RateLimits(PerSecond: random.Next(1, 6) * (random.Next(3) == 0 ? 100 : 1), PerMinute: random.Next(600, 900));
        _limits.Are(limits);
        _clusterClock.Error = random.Next(100_000);
        _store.Fault = () => (StoreFault)(random.Next(3) == 0 ? random.Next(5) : 0);
        var granted = new List<long>();
        var desk = Desk();
        for (var i = 0; i < 150; i++)
        {
            ct.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromMicroseconds(random.Next(4) switch { 0 => 0, 1 => random.Next(1_000), _ => random.Next(300_000) }));
            if (random.Next(10) == 0)
            {
                // Dies, with writes on their way that the store may still get, or not: only before the next one reads.
                foreach (var held in _store.Held.ToArray().Where(_ => random.Next(2) == 0))
                    held.TrySetResult();
                _store.Held.Clear();
                _clock.Advance(TimeSpan.FromMicroseconds(random.Next(500_000)));
                _clusterClock.Off = random.NextInt64(-_clusterClock.Error, _clusterClock.Error + 1);
                desk = Desk();
            }

            for (var burst = random.Next(1, 8); burst > 0; burst--)
            {
                var asked = desk.AcquireAsync(Ask());
                if (!asked.IsCompleted)
                {
                    if (random.Next(2) == 0)
                        _store.Held.ToList().ForEach(held => held.TrySetResult());
                    _clock.Advance(TimeSpan.FromMilliseconds(10));
                }

                if ((await asked).Status == PermitStatus.Granted)
                    granted.Add((_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10);
            }
        }

        Assert.True(granted.Count > 0);

        // Windows count 50 ms longer than they are; the test notes a grant up to 10 ms after it was given.
        PlainLog.AssertHolds(granted, limits, tolerance: 10_000 - PermitWindows.PermitLife);
    }

    private static PermitRequest Ask(int wait = 0) => new() { Ticket = Guid.NewGuid(), WaitMilliseconds = wait };

    private PermitDesk Desk()
    {
        var desk = new PermitDesk("partner", _store.Open(), _limits, _ownership, _clusterClock, _clock, new(_meters), NullLogger.Instance, () => _deactivations++);
        desk.Open();
        return desk;
    }

    [Fact]
    public void A_limiter_tells_what_a_miss_without_a_permit_does_and_how_long_it_waits()
    {
        _limits.Policy = new() { Limits = new(PerSecond: 1), OnMiss = OnMiss.Bypass, MaxWait = TimeSpan.FromSeconds(3) };

        var described = Desk().Describe();

        Assert.Equal((OnMiss.Bypass, 3_000), (described.OnMiss, described.MaxWaitMilliseconds));
    }

    private sealed class Limits : IRateLimits
    {
        public RateLimitPolicy? Policy { get; set; }

        public void Are(RateLimits limits) => Policy = new() { Limits = limits };

        public RateLimitPolicy? For(string limiter) => Policy;

        public bool Knows(string limiter) => true;
    }
}
