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
    public async Task A_question_repeated_by_the_holder_gets_the_same_lease_again()
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();

        var first = await entry.Lease(operation: operation);
        var again = await entry.Lease(operation: operation);

        Assert.Equal(first.Ticket, again.Ticket);
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
}
