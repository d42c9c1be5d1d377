using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>A lease that comes with a limiter's permit, and how that is waited for.</summary>
public sealed class LeasePermitTests
{
    [Fact]
    public async Task The_lease_comes_with_the_limiters_permit_counted_from_before_it_was_asked()
    {
        var entry = new EntryHarness();
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 300 });
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), MaxWait = TimeSpan.FromSeconds(10) };
        var lease = entry.Lease(limiter: "partner");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        Assert.False(lease.IsCompleted);

        entry.Time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal(350, (await lease).Ticket!.PermitMilliseconds);
        Assert.Equal([10_000, 9_700], entry.Limiter.Requests.Select(r => r.WaitMilliseconds));
        Assert.Single(entry.Limiter.Requests.Select(r => r.Ticket).Distinct());
    }

    [Fact]
    public async Task A_seeker_whose_slice_is_over_keeps_its_place_with_the_limiter()
    {
        var entry = new EntryHarness();
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), MaxWait = TimeSpan.FromSeconds(10) };
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 5_000 });
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 5_000 });
        var operation = Guid.NewGuid();
        var first = entry.Lease("partner", operation);
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);

        entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(ReadStatus.AskAgain, (await first).Status);
        var second = await entry.Lease("partner", operation);

        Assert.Equal(50, second.Ticket!.PermitMilliseconds);
        Assert.Single(entry.Limiter.Requests.Select(r => r.Ticket).Distinct());
    }

    [Fact]
    public async Task One_call_at_a_time_asks_the_limiter_for_a_load()
    {
        var entry = new EntryHarness();
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), MaxWait = TimeSpan.FromSeconds(10) };
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 300 });
        var first = entry.Lease(limiter: "partner");
        var second = entry.Lease(limiter: "partner");
        await entry.Begun();

        Assert.Single(entry.Limiter.Requests);
        entry.Time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal(ReadStatus.Lease, (await first).Status);
        Assert.False(second.IsCompleted);
        await entry.Complete((await first).Ticket!, "1");
        Assert.Equal("1", Text((await second).Value));
    }

    [Fact]
    public async Task A_wait_for_a_permit_is_counted_from_the_first_asking()
    {
        var entry = new EntryHarness();
        entry.Time.Advance(TimeSpan.FromMinutes(1));
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), MaxWait = TimeSpan.FromSeconds(10) };
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 300 });

        var lease = entry.Lease(limiter: "partner");
        await entry.Begun();
        entry.Time.Advance(TimeSpan.FromMilliseconds(300));
        await lease;

        Assert.Equal([10_000, 9_700], entry.Limiter.Requests.Select(r => r.WaitMilliseconds));
    }

    [Fact]
    public async Task A_permit_that_took_longer_to_come_than_it_lives_is_asked_for_again()
    {
        var entry = new EntryHarness();
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), MaxWait = TimeSpan.FromSeconds(10) };
        entry.Limiter.Asked = count =>
        {
            if (count == 1)
                entry.Time.Advance(Permit.Life);
        };

        var lease = await entry.Lease(limiter: "partner");

        Assert.Equal((2, 100), (entry.Limiter.Requests.Count, lease.Ticket!.PermitMilliseconds));
    }

    [Theory]
    [InlineData(OnMiss.Wait, null, false, 10_000)]
    [InlineData(OnMiss.Wait, 3_000, false, 3_000)]
    [InlineData(OnMiss.Wait, null, true, 0)]
    [InlineData(OnMiss.Bypass, null, false, 0)]
    public async Task A_permit_is_waited_for_as_long_as_caller_and_limit_say_and_not_at_all_for_a_refresh(OnMiss onMiss, int? given, bool refresh, int wait)
    {
        var entry = new EntryHarness(Declared with { Integration = null });
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), OnMiss = onMiss, MaxWait = TimeSpan.FromSeconds(10) };
        if (refresh)
            await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));

        await entry.Turn(e => e.ReadAsync(
            new() { Load = LoadMode.Leased, WaitMilliseconds = 2_000, OperationId = Guid.NewGuid(), Limiter = "partner", MaxPermitWaitMilliseconds = given }, CancellationToken.None));

        Assert.Equal((wait, refresh), entry.Limiter.Requests.Single() is var asked ? (asked.WaitMilliseconds, asked.Background) : default);
    }

    [Fact]
    public async Task A_permit_that_is_being_recorded_is_waited_for_where_the_limit_is_not()
    {
        var entry = new EntryHarness();
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), OnMiss = OnMiss.Refuse };
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Recording, RetryAfterMilliseconds = 5 });
        var lease = entry.Lease(limiter: "partner");
        await entry.Begun();

        entry.Time.Advance(TimeSpan.FromMilliseconds(5));

        Assert.Equal(ReadStatus.Lease, (await lease).Status);
        Assert.Equal(2, entry.Limiter.Requests.Count);
    }

    [Fact]
    public async Task A_load_that_is_fenced_off_while_it_waits_for_its_permit_asks_for_none()
    {
        var entry = new EntryHarness();
        entry.Policies.Limit = new() { Limits = new(PerSecond: 5), MaxWait = TimeSpan.FromSeconds(10) };
        entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 300 });
        var lease = entry.Lease(limiter: "partner");
        await entry.Begun();

        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal(ReadStatus.AskAgain, (await lease).Status);
        Assert.Single(entry.Limiter.Requests);
    }

    [Fact]
    public async Task Who_takes_one_permit_for_many_keys_gets_each_lease_at_once_with_what_the_permit_may_wait_and_a_misspelt_limit_is_refused()
    {
        var entry = new EntryHarness(Strict);
        entry.Policies.Limit = new() { Limits = new(10), MaxWait = TimeSpan.FromSeconds(3), OnMiss = OnMiss.Wait };

        var misspelt = await entry.Turn(e => e.ReadAsync(new() { Load = LoadMode.Leased, Limiter = "partnr", SharesPermit = true }, CancellationToken.None));
        var lease = await entry.Turn(e => e.ReadAsync(new() { Load = LoadMode.Leased, Limiter = "partner", SharesPermit = true }, CancellationToken.None));

        Assert.Equal((ReadStatus.Failed, "unknown-limiter"), (misspelt.Status, misspelt.Problem?.Detail));
        Assert.True(lease is { Status: ReadStatus.Lease, Ticket: { PermitMilliseconds: 0, PermitWaitMilliseconds: 3_000, MayBypass: false } });
        Assert.Empty(entry.Limiter.Requests);
    }
}
