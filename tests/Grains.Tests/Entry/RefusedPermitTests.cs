using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What a leased load gives where its limiter gives no permit.</summary>
public sealed class RefusedPermitTests
{
    [Fact]
    public async Task A_refused_permit_is_a_refusal_that_says_when_to_come_back()
    {
        var entry = new EntryHarness();
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Refused, RetryAfterMilliseconds = 700 });

        var refused = await entry.Lease(limiter: "partner");

        Assert.Equal((ReadStatus.Failed, ProblemKind.Limited, 700), (refused.Status, refused.Problem!.Kind, refused.Problem.RetryAfterMilliseconds));
    }

    [Fact]
    public async Task A_limiter_that_nobody_configured_is_refused_by_its_name()
    {
        var entry = new EntryHarness();

        var refused = await entry.Lease(limiter: "partnr");

        Assert.Equal((ReadStatus.Failed, ProblemKind.BadCall), (refused.Status, refused.Problem!.Kind));
        Assert.Contains("'partnr'", refused.Problem.Message, StringComparison.Ordinal);
        Assert.Empty(entry.Limiter.Requests);
    }

    [Fact]
    public async Task A_refused_refresh_keeps_the_stale_value_and_hands_out_no_lease()
    {
        var entry = new EntryHarness(Declared with { Integration = null });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 700 });

        var stale = await entry.Lease(limiter: "partner");

        Assert.Equal((ReadStatus.Stale, null, "limited"), (stale.Status, stale.Ticket, stale.Problem!.Detail));
        Assert.True(entry.Limiter.Requests.Single() is { Background: true, WaitMilliseconds: 0 });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_limiter_that_may_be_bypassed_is_so_for_a_miss_and_not_for_a_refresh(bool refresh)
    {
        var entry = new EntryHarness(Declared with { Integration = null });
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), OnMiss = OnMiss.Bypass };
        if (refresh)
            await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Refused, RetryAfterMilliseconds = 700 });

        var reply = await entry.Lease(limiter: "partner");

        Assert.Equal((refresh ? ReadStatus.Stale : ReadStatus.Lease, refresh ? null : 0), (reply.Status, reply.Ticket?.PermitMilliseconds));
    }

    [Fact]
    public async Task A_refresh_under_a_limiter_that_nobody_configured_gets_the_stale_value_and_no_lease()
    {
        var entry = new EntryHarness(Declared with { Integration = null });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));

        var stale = await entry.Lease(limiter: "partnr");

        Assert.Equal((ReadStatus.Stale, null, "unknown-limiter"), (stale.Status, stale.Ticket, stale.Problem!.Detail));
        Assert.Empty(entry.Limiter.Requests);
    }

    [Fact]
    public async Task A_value_that_ended_while_the_permit_was_waited_for_is_not_given()
    {
        var entry = new EntryHarness(Declared with { Integration = null, StaleFor = TimeSpan.FromSeconds(2) });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        entry.Limiter.Asked = _ => entry.Time.Advance(TimeSpan.FromSeconds(1));
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Refused });

        var reply = await entry.Lease(limiter: "partner");

        Assert.Equal((ReadStatus.Failed, null), (reply.Status, reply.Value));
    }
}
