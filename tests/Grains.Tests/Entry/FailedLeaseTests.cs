using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What holder and waiters of a leased load get that failed or was given up.</summary>
public sealed class FailedLeaseTests
{
    [Fact]
    public async Task Waiting_callers_get_the_problem_of_a_failed_load()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();
        var other = entry.Lease();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);

        await entry.Fail(holder.Ticket!, new() { Detail = "exception" });

        Assert.Equal("exception", (await other).Problem!.Detail);
    }

    [Fact]
    public async Task When_a_load_is_given_up_the_next_caller_gets_the_lease()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();
        var other = entry.Lease();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);

        await entry.Fail(holder.Ticket!, null);

        Assert.NotNull((await other).Ticket);
        Assert.Null((await entry.Explain()).LastError);
    }

    [Fact]
    public async Task A_failed_leased_load_gives_its_holder_the_stale_value()
    {
        var entry = new EntryHarness(Ttl with { Integration = null });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        var holder = await entry.Lease();

        var failed = await entry.Fail(holder.Ticket!, new() { Detail = "exception" });

        Assert.Equal("1", Text(failed.Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failed_load_gives_a_stale_value_only_with_proof(bool proven)
    {
        var entry = new EntryHarness(Strict with { Strategy = Strategy.Ttl, FreshFor = TimeSpan.FromSeconds(30), StaleFor = TimeSpan.FromHours(1) });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        var holder = await entry.Lease();
        var other = entry.Lease();
        await entry.Begun();

        entry.Ownership.FenceHolds = proven;
        var failed = await entry.Fail(holder.Ticket!, new() { Detail = "exception" });

        Assert.Equal(proven ? "1" : null, Text(failed.Value));
        Assert.Equal(proven ? ReadStatus.Stale : ReadStatus.Failed, (await other).Status);
    }

    [Fact]
    public async Task Who_is_told_that_a_thing_does_not_exist_gets_no_stale_value_of_it()
    {
        var entry = new EntryHarness(Ttl with { Integration = null });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        var holder = await entry.Lease();
        var other = entry.Lease();
        await entry.Begun();

        await entry.Fail(holder.Ticket!, new() { Kind = ProblemKind.NotFound });

        Assert.Equal((ReadStatus.Failed, ProblemKind.NotFound), ((await other).Status, (await other).Problem!.Kind));
    }
}
