using static OrleansCache.Tests.PermitDeskHarness;

namespace OrleansCache.Tests;

/// <summary>Nothing is granted that the store has not recorded, however slow it is.</summary>
public sealed class PermitRecordTests : IDisposable
{
    private readonly PermitDeskHarness _limiter = new();

    public void Dispose() => _limiter.Dispose();

    [Fact]
    public async Task A_permit_is_recorded_before_it_is_granted()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Store.Fault = () => StoreFault.Held;
        var desk = _limiter.Desk();

        var asked = desk.AcquireAsync(Ask(wait: 1_000));
        Assert.False(asked.IsCompleted);
        Assert.Equal(1, _limiter.Store.Record!.Open);
        _limiter.Store.Held[0].SetResult();

        Assert.Equal(PermitStatus.Granted, (await asked).Status);
    }

    [Fact]
    public async Task A_slow_store_makes_callers_wait_outside()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Store.Fault = () => StoreFault.Held;
        var desk = _limiter.Desk();

        var asked = desk.AcquireAsync(Ask(wait: 1_000));
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Equal(PermitStatus.Wait, (await asked).Status);
    }

    [Theory]
    [InlineData(false, nameof(PermitStatus.Recording), 0)]
    [InlineData(true, nameof(PermitStatus.Refused), 1)]
    public async Task A_slow_store_refuses_nobody_who_is_waited_for_and_would_not_wait_for_the_limit(bool background, string status, int refused)
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Store.Fault = () => StoreFault.Held;
        var desk = _limiter.Desk();

        var asked = desk.AcquireAsync(Ask() with { Background = background });
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(10));

        var reply = await asked;
        Assert.Equal((status, 5), ($"{reply.Status}", (int)reply.RetryAfterMilliseconds));
        Assert.Equal((0, refused), (desk.Describe().ForegroundWaiting + desk.Describe().BackgroundWaiting, desk.Describe().Refused));
        _limiter.Store.Held[0].SetResult();
        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task The_next_chunk_is_recorded_while_the_last_is_given()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        _limiter.Store.Fault = () => StoreFault.Held;

        for (var i = 0; i < 9; i++)
            Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);

        Assert.Equal(2, _limiter.Store.Writes);
        Assert.Single(_limiter.Store.Held);
    }

    [Fact]
    public async Task With_the_store_away_permits_are_refused_shortly_and_given_again_when_it_is_back()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var desk = _limiter.Desk();
        _limiter.Store.Fault = () => StoreFault.Lost;
        var refused = await desk.AcquireAsync(Ask());
        Assert.Equal((PermitStatus.Refused, 250, PermitHold.Away), (refused.Status, (int)refused.RetryAfterMilliseconds, refused.Hold));
        Assert.Equal(1, _limiter.Store.Writes);
        await desk.AcquireAsync(Ask());
        Assert.Equal(1, _limiter.Store.Writes);

        _limiter.Store.Fault = () => StoreFault.None;
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(250));

        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task A_store_that_hangs_for_a_second_counts_as_away()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Store.Fault = () => StoreFault.Held;
        var desk = _limiter.Desk();
        var first = desk.AcquireAsync(Ask(wait: 10_000));
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(PermitStatus.Wait, (await first).Status);
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(991));

        var refused = await desk.AcquireAsync(Ask(wait: 10_000));

        Assert.Equal((PermitStatus.Refused, 250, PermitHold.Away), (refused.Status, (int)refused.RetryAfterMilliseconds, refused.Hold));
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
}
