using static OrleansCache.Tests.PermitDeskHarness;

namespace OrleansCache.Tests;

/// <summary>The end of a limiter's activation, which closes what it had reserved and no more.</summary>
public sealed class LimiterEndTests : IDisposable
{
    private readonly PermitDeskHarness _limiter = new();

    public void Dispose() => _limiter.Dispose();

    [Fact]
    public async Task An_activation_that_recorded_nothing_does_not_close_what_another_left_open()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var owner = _limiter.Desk();
        await owner.AcquireAsync(Ask());

        await _limiter.Desk().CloseAsync(CancellationToken.None);

        Assert.Equal((10, 1), (_limiter.Store.Record!.Open, _limiter.Store.Writes));
    }

    [Fact]
    public async Task While_an_activation_ends_nothing_is_granted_and_what_was_reserved_is_closed()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        _limiter.Store.Fault = () => StoreFault.Held;
        while (_limiter.Store.Held.Count == 0)
            Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);
        var given = desk.Describe().Granted;

        var end = desk.CloseAsync(CancellationToken.None);
        var asked = desk.AcquireAsync(Ask(wait: 1_000)).AsTask();
        Assert.False(asked.IsCompleted);
        _limiter.Clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(PermitStatus.Wait, (await asked).Status);
        _limiter.Store.Fault = () => StoreFault.None;
        _limiter.Store.Held[0].SetResult();
        await end;

        Assert.Equal((0, given), (_limiter.Store.Record!.Open, desk.Describe().Granted));
        Assert.Equal($"{given} of 1000 a second", _limiter.Desk().Describe().Windows);
    }

    [Fact]
    public async Task The_end_of_an_activation_waits_no_longer_than_two_seconds_for_a_store_that_hangs()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Store.Fault = () => StoreFault.Held;
        var desk = _limiter.Desk();
        var asked = desk.AcquireAsync(Ask(wait: 1_000));
        var end = desk.CloseAsync(CancellationToken.None);
        Assert.False(end.IsCompleted);

        _limiter.Clock.Advance(TimeSpan.FromSeconds(2));

        await end;
        await asked;
        Assert.Equal(1, _limiter.Store.Writes);
    }

    [Fact]
    public async Task With_the_store_away_the_end_of_an_activation_tries_it_no_more()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        _limiter.Store.Fault = () => StoreFault.Lost;
        for (var i = 0; i < 20; i++)
            await desk.AcquireAsync(Ask());
        var writes = _limiter.Store.Writes;

        await desk.CloseAsync(CancellationToken.None);

        Assert.Equal(writes, _limiter.Store.Writes);
    }
}
