using static OrleansCache.Tests.PermitDeskHarness;

namespace OrleansCache.Tests;

/// <summary>What a limiter counts and tells, also under limits that change or are none.</summary>
public sealed class LimiterFiguresTests : IDisposable
{
    private readonly PermitDeskHarness _limiter = new();

    public void Dispose() => _limiter.Dispose();

    [Fact]
    public async Task Without_limits_no_permit_is_needed_and_nothing_is_written()
    {
        Assert.Equal(PermitStatus.Unlimited, (await _limiter.Desk().AcquireAsync(Ask())).Status);
        Assert.Equal(0, _limiter.Store.Writes);
    }

    [Fact]
    public async Task Changed_limits_hold_at_once_and_reset_nothing()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var desk = _limiter.Desk();
        for (var i = 0; i < 5; i++)
            await desk.AcquireAsync(Ask());

        _limiter.Limits.Are(new(PerSecond: 7));

        var statuses = new List<PermitStatus>();
        for (var i = 0; i < 3; i++)
            statuses.Add((await desk.AcquireAsync(Ask())).Status);
        Assert.Equal([PermitStatus.Granted, PermitStatus.Granted, PermitStatus.Refused], statuses);
    }

    [Fact]
    public async Task A_place_that_is_given_up_is_not_counted_as_a_refusal()
    {
        _limiter.Limits.Are(new(PerSecond: 1));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        var waiting = Ask(wait: 10_000);
        await desk.AcquireAsync(waiting);
        await desk.AcquireAsync(Ask());

        await desk.AcquireAsync(waiting with { WaitMilliseconds = -1 });

        Assert.Equal((1, 1, 0), (desk.Describe().Granted, desk.Describe().Refused, desk.Describe().ForegroundWaiting));
    }

    [Fact]
    public async Task Outcomes_and_classes_are_counted()
    {
        _limiter.Limits.Are(new(PerSecond: 1));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        await desk.AcquireAsync(Ask() with { Background = true });

        Assert.Equal(1, _limiter.Meters.Count("orleanscache.limiter.permits", "cache.integration=partner", "limiter.outcome=granted", "limiter.class=foreground"));
        Assert.Equal(1, _limiter.Meters.Count("orleanscache.limiter.permits", "cache.integration=partner", "limiter.outcome=refused", "limiter.class=background"));
    }

    [Fact]
    public void A_limiter_tells_what_a_miss_without_a_permit_does_and_how_long_it_waits()
    {
        _limiter.Limits.Policy = new() { Limits = new(PerSecond: 1), OnMiss = OnMiss.Bypass, MaxWait = TimeSpan.FromSeconds(3) };

        var described = _limiter.Desk().Describe();

        Assert.Equal((OnMiss.Bypass, 3_000), (described.OnMiss, described.MaxWaitMilliseconds));
    }
}
