using static OrleansCache.Tests.PermitDeskHarness;

namespace OrleansCache.Tests;

/// <summary>Pauses that an origin asked for.</summary>
public sealed class LimiterPauseTests : IDisposable
{
    private readonly PermitDeskHarness _limiter = new();

    public void Dispose() => _limiter.Dispose();

    [Fact]
    public async Task A_pause_survives_a_crash_that_follows_a_write_and_is_never_longer_than_five_minutes()
    {
        _limiter.Limits.Are(new(PerSecond: 1));
        var desk = _limiter.Desk();
        desk.Pause(TimeSpan.FromDays(1));

        Assert.Equal(300_000, (await desk.AcquireAsync(Ask())).RetryAfterMilliseconds);
        await desk.CloseAsync(CancellationToken.None);
    }

    [Fact]
    public async Task What_is_left_of_a_pause_holds_after_a_restart()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        desk.Pause(TimeSpan.FromSeconds(10));
        _limiter.Clock.Advance(TimeSpan.FromSeconds(2));
        await desk.CloseAsync(CancellationToken.None);
        _limiter.Clock.Advance(TimeSpan.FromSeconds(3));

        var after = _limiter.Desk();

        Assert.Equal(5_000, after.Describe().PausedMilliseconds);
        Assert.Equal((PermitStatus.Refused, 5_000, PermitHold.Pause), await after.AcquireAsync(Ask()) is var refused ? (refused.Status, (int)refused.RetryAfterMilliseconds, refused.Hold) : default);
        _limiter.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(PermitStatus.Granted, (await after.AcquireAsync(Ask())).Status);
        Assert.Equal(0, after.Describe().PausedMilliseconds);
    }

    [Fact]
    public async Task A_pause_holds_calls_without_a_limit_too_and_no_pause_is_none()
    {
        var desk = _limiter.Desk();
        Assert.True(desk.Pause(TimeSpan.FromSeconds(-1)));
        Assert.Equal(PermitStatus.Unlimited, (await desk.AcquireAsync(Ask())).Status);

        desk.Pause(TimeSpan.FromSeconds(1));

        Assert.Equal(PermitStatus.Refused, (await desk.AcquireAsync(Ask())).Status);
        _limiter.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(PermitStatus.Unlimited, (await desk.AcquireAsync(Ask())).Status);
    }
}
