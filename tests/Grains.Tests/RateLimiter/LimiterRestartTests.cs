using static OrleansCache.Tests.PermitDeskHarness;

namespace OrleansCache.Tests;

/// <summary>What a limiter counts after a crash or a stop, whatever the clocks show then.</summary>
public sealed class LimiterRestartTests : IDisposable
{
    private readonly PermitDeskHarness _limiter = new();

    public void Dispose() => _limiter.Dispose();

    [Fact]
    public async Task After_a_crash_the_open_chunk_counts_as_given_at_the_restart()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        _limiter.Clock.Advance(TimeSpan.FromSeconds(10));

        var after = _limiter.Desk();

        Assert.Equal("10 of 1000 a second", after.Describe().Windows);
    }

    [Fact]
    public async Task After_a_crash_what_was_given_before_counts_from_when_it_was_given()
    {
        _limiter.Limits.Are(new(PerMinute: 10));
        var desk = _limiter.Desk();
        for (var i = 0; i < 10; i++)
            Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
        _limiter.Clock.Advance(TimeSpan.FromSeconds(59));

        var refused = await _limiter.Desk().AcquireAsync(Ask());

        Assert.Equal(PermitStatus.Refused, refused.Status);
        Assert.Equal(1_050, refused.RetryAfterMilliseconds);
    }

    [Fact]
    public async Task After_a_clean_stop_nothing_counts_that_was_not_given()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        await desk.CloseAsync(CancellationToken.None);

        Assert.Equal("1 of 1000 a second", _limiter.Desk().Describe().Windows);
    }

    [Fact]
    public async Task A_clock_that_went_back_makes_nothing_lapse_early_and_holds_nothing_for_ever()
    {
        _limiter.Limits.Are(new(PerMinute: 10));
        var desk = _limiter.Desk();
        for (var i = 0; i < 10; i++)
            await desk.AcquireAsync(Ask());
        _limiter.Clock.Advance(TimeSpan.FromSeconds(20));
        await desk.CloseAsync(CancellationToken.None);
        _limiter.ClusterClock.Off = -3_600_000_000;

        var after = _limiter.Desk();

        Assert.Equal(40_050, (await after.AcquireAsync(Ask())).RetryAfterMilliseconds);
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(40_050));
        Assert.Equal(PermitStatus.Granted, (await after.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task A_record_is_not_dated_before_the_one_that_it_replaces()
    {
        _limiter.Limits.Are(new(PerMinute: 2));
        _limiter.ClusterClock.Off = 3_600_000_000;
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        await desk.CloseAsync(CancellationToken.None);
        _limiter.ClusterClock.Off = 0;
        desk = _limiter.Desk();
        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
        await desk.CloseAsync(CancellationToken.None);

        _limiter.ClusterClock.Off = 3_600_000_000;

        Assert.Equal(PermitStatus.Refused, (await _limiter.Desk().AcquireAsync(Ask())).Status);
    }

    [Theory]
    [InlineData(-100_000, 100_000)]
    [InlineData(-100_000, -100_000)]
    [InlineData(100_000, 100_000)]
    public async Task What_the_clusters_clock_does_not_know_for_certain_lets_nothing_lapse_early(long offAtWrite, long offAtRead)
    {
        _limiter.Limits.Are(new(PerMinute: 1));
        (_limiter.ClusterClock.Error, _limiter.ClusterClock.Off) = (100_000, offAtWrite);
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        await desk.CloseAsync(CancellationToken.None);

        _limiter.ClusterClock.Off = offAtRead;
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(60_049));

        Assert.Equal(PermitStatus.Refused, (await _limiter.Desk().AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_counts_as_all_used()
    {
        _limiter.Limits.Are(new(PerSecond: 1));
        await _limiter.Desk().AcquireAsync(Ask());
        _limiter.Store.Record!.Windows = [1, 200];

        Assert.Equal(1_050, (await _limiter.Desk().AcquireAsync(Ask())).RetryAfterMilliseconds);
    }

    [Fact]
    public async Task Crashes_at_random_moments_never_let_more_through_than_the_limits()
    {
        var ct = TestContext.Current.CancellationToken;
        for (var seed = 0; seed < 400; seed++)
        {
            using var limiter = new PermitDeskHarness();
            await RandomLifeAsync(limiter, new(seed), ct);
        }
    }

    private static async Task RandomLifeAsync(PermitDeskHarness limiter, Random random, CancellationToken ct)
    {
        var limits = new RateLimits(PerSecond: random.Next(1, 6) * (random.Next(3) == 0 ? 100 : 1), PerMinute: random.Next(600, 900));
        limiter.Limits.Are(limits);
        limiter.ClusterClock.Error = random.Next(100_000);
        limiter.Store.Fault = () => (StoreFault)(random.Next(3) == 0 ? random.Next(5) : 0);
        var granted = new List<long>();
        var desk = limiter.Desk();
        for (var i = 0; i < 150; i++)
        {
            ct.ThrowIfCancellationRequested();
            limiter.Clock.Advance(TimeSpan.FromMicroseconds(random.Next(4) switch { 0 => 0, 1 => random.Next(1_000), _ => random.Next(300_000) }));
            if (random.Next(10) == 0)
            {
                // Dies, with writes on their way that the store may still get, or not: only before the next one reads.
                foreach (var held in limiter.Store.Held.ToArray().Where(_ => random.Next(2) == 0))
                    held.TrySetResult();
                limiter.Store.Held.Clear();
                limiter.Clock.Advance(TimeSpan.FromMicroseconds(random.Next(500_000)));
                limiter.ClusterClock.Off = random.NextInt64(-limiter.ClusterClock.Error, limiter.ClusterClock.Error + 1);
                desk = limiter.Desk();
            }

            for (var burst = random.Next(1, 8); burst > 0; burst--)
            {
                var asked = desk.AcquireAsync(Ask());
                if (!asked.IsCompleted)
                {
                    if (random.Next(2) == 0)
                        limiter.Store.Held.ToList().ForEach(held => held.TrySetResult());
                    limiter.Clock.Advance(TimeSpan.FromMilliseconds(10));
                }

                if ((await asked).Status == PermitStatus.Granted)
                    granted.Add((limiter.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10);
            }
        }

        Assert.True(granted.Count > 0);

        // Windows count 50 ms longer than they are; the test notes a grant up to 10 ms after it was given.
        PlainLog.AssertHolds(granted, limits, tolerance: 10_000 - PermitWindows.PermitLife);
    }
}
