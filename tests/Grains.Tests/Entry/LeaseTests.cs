using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Leased loads: fenced, renewed, handed on.</summary>
public sealed class LeaseTests
{
    [Fact]
    public async Task One_caller_gets_the_lease_and_the_others_its_value()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();
        var others = Enumerable.Range(0, 20).Select(_ => entry.Lease()).ToArray();

        Assert.True((await entry.Complete(holder.Ticket!, "1")).Stored);

        foreach (var other in others)
            Assert.Equal((ReadStatus.Joined, "1", true), ((await other) is var r ? r.Status : default, Text(r.Value), r.Stored));
    }

    [Fact]
    public async Task A_late_result_is_refused()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();

        entry.Time.Advance(EntryLimits.LoadLease);

        Assert.Equal("lease-lost", (await entry.Complete(holder.Ticket!, "1")).Detail);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_renewed_lease_lasts_and_a_lost_one_is_not_renewed()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();
        for (var i = 0; i < 5; i++)
        {
            entry.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await entry.Renew(holder.Ticket!));
        }

        Assert.True((await entry.Complete(holder.Ticket!, "1")).Stored);
        Assert.False(await entry.Renew(holder.Ticket!));
    }

    [Fact]
    public async Task When_the_holder_vanishes_a_waiting_caller_gets_the_lease()
    {
        var entry = new EntryHarness();
        var vanished = await entry.Lease();
        entry.Time.Advance(TimeSpan.FromSeconds(1));
        var next = entry.Lease();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);

        entry.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ReadStatus.Lease, (await next).Status);
        Assert.Equal("lease-lost", (await entry.Complete(vanished.Ticket!, "old")).Detail);
        Assert.True((await entry.Complete((await next).Ticket!, "new")).Stored);
    }

    [Fact]
    public async Task A_ticket_of_a_former_activation_is_worth_nothing()
    {
        var entry = new EntryHarness();
        var former = await entry.Lease();
        entry.Crash();
        var present = await entry.Lease();

        Assert.Equal(former.Ticket!.Number, present.Ticket!.Number);
        Assert.False(await entry.Renew(former.Ticket));
        Assert.Equal("lease-lost", (await entry.Complete(former.Ticket, "1")).Detail);
    }

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

    [Fact]
    public async Task A_question_repeated_by_the_holder_gets_the_same_lease_again()
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();

        var first = await entry.Lease(operation: operation);
        var again = await entry.Lease(operation: operation);

        Assert.Equal(first.Ticket, again.Ticket);
    }

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
    public async Task A_refresh_of_a_leased_key_makes_its_next_get_or_create_load()
    {
        var entry = new EntryHarness();
        await entry.Put("1");

        var refresh = await entry.Turn(e => e.RefreshAsync(default, CancellationToken.None));

        Assert.Equal(ReadStatus.Stale, refresh.Status);
        Assert.Equal(ReadStatus.Lease, (await entry.Lease()).Status);
    }

    [Fact]
    public async Task A_holder_whose_key_moved_is_told_that_the_lease_is_lost_and_nothing_is_stored()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();

        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);

        Assert.Equal("lease-lost", (await entry.Complete(holder.Ticket!, "1")).Detail);
        Assert.False(await entry.Renew(holder.Ticket!));
        Assert.Empty(entry.Store.Writes);
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
