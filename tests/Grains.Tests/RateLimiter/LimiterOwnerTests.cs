using static OrleansCache.Tests.PermitDeskHarness;

namespace OrleansCache.Tests;

/// <summary>A silo grants permits only while it owns the limiter and can prove it.</summary>
public sealed class LimiterOwnerTests : IDisposable
{
    private readonly PermitDeskHarness _limiter = new();

    public void Dispose() => _limiter.Dispose();

    [Fact]
    public async Task Without_the_fence_nothing_is_granted()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());
        _limiter.Ownership.FenceHolds = false;

        var refused = await desk.AcquireAsync(Ask());

        Assert.Equal((PermitStatus.Unproven, 50), (refused.Status, (int)refused.RetryAfterMilliseconds));
    }

    [Fact]
    public async Task A_fence_that_falls_while_the_store_writes_grants_nothing()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Store.Fault = () => StoreFault.Held;
        var asked = _limiter.Desk().AcquireAsync(Ask(wait: 1_000));
        _limiter.Ownership.FenceHolds = false;
        _limiter.Store.Held[0].SetResult();

        Assert.Equal(PermitStatus.Unproven, (await asked).Status);
    }

    [Fact]
    public async Task A_silo_that_does_not_own_the_limiter_says_so_and_ends_the_activation()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Ownership.OwnsAll = false;

        Assert.Equal(PermitStatus.NotOwner, (await _limiter.Desk().AcquireAsync(Ask())).Status);
        Assert.Equal(1, _limiter.Deactivations);
    }

    [Fact]
    public void A_silo_that_does_not_own_the_limiter_neither_pauses_nor_describes_it()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var owned = _limiter.Desk();
        Assert.True(owned.Pause(TimeSpan.FromSeconds(1)));
        Assert.False(owned.Describe().IsRefusal);
        _limiter.Ownership.OwnsAll = false;
        var other = _limiter.Desk();

        Assert.False(other.Pause(TimeSpan.FromSeconds(1)));

        Assert.Equal((true, 0, 1), (other.Describe().IsRefusal, other.Describe().PausedMilliseconds, _limiter.Deactivations));
    }

    [Fact]
    public async Task A_limiter_that_another_silo_had_for_a_while_is_opened_anew()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var desk = _limiter.Desk();
        Assert.Equal(PermitStatus.Granted, (await desk.AcquireAsync(Ask())).Status);

        _limiter.Ownership.View = 3;

        Assert.Equal(PermitStatus.NotOwner, (await desk.AcquireAsync(Ask())).Status);
        Assert.Equal(1, _limiter.Deactivations);
    }

    [Fact]
    public async Task A_limiter_that_began_before_its_former_owner_had_ended_grants_nothing()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        _limiter.Ownership.OwnsAll = false;
        var desk = _limiter.Desk();
        _limiter.Ownership.OwnsAll = true;

        Assert.Equal(PermitStatus.NotOwner, (await desk.AcquireAsync(Ask())).Status);
        Assert.Equal(1, _limiter.Deactivations);
    }

    [Fact]
    public async Task A_record_that_somebody_else_wrote_ends_the_activation()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var (stale, other) = (_limiter.Desk(), _limiter.Desk());
        await other.AcquireAsync(Ask());

        Assert.Equal(PermitStatus.Refused, (await stale.AcquireAsync(Ask())).Status);
        Assert.Equal(1, _limiter.Deactivations);
    }

    [Fact]
    public async Task A_limiter_whose_key_another_silo_gets_grants_nothing_more()
    {
        _limiter.Limits.Are(new(PerSecond: 5));
        var desk = _limiter.Desk();
        await desk.AcquireAsync(Ask());

        _limiter.Ownership.OwnsAll = false;

        Assert.Equal(PermitStatus.NotOwner, (await desk.AcquireAsync(Ask())).Status);
    }

    [Fact]
    public async Task After_somebody_elses_record_the_rest_of_a_chunk_is_not_given()
    {
        _limiter.Limits.Are(new(PerSecond: 1_000));
        var stale = _limiter.Desk();
        await stale.AcquireAsync(Ask());
        await _limiter.Desk().AcquireAsync(Ask());
        while (_limiter.Deactivations == 0)
            Assert.Equal(PermitStatus.Granted, (await stale.AcquireAsync(Ask())).Status);

        Assert.Equal(PermitStatus.Refused, (await stale.AcquireAsync(Ask())).Status);
    }
}
