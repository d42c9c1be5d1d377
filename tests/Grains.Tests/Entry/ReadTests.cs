using System.Text;
using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Rule 2, and what a read finds.</summary>
public sealed class ReadTests
{
    [Fact]
    public async Task A_fresh_read_is_answered_at_once_whatever_is_in_flight()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");

        var read = await entry.Turn(e =>
        {
            var answer = e.ReadAsync(new() { Load = LoadMode.Leased, WaitMilliseconds = 2_000 }, CancellationToken.None);
            Assert.True(answer.IsCompletedSuccessfully);
            return answer;
        });
        entry.Store.Open();
        await write;

        Assert.Equal((ReadStatus.Hit, "1"), (read.Status, Text(read.Value)));
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_stale_read_is_answered_at_once_while_its_refresh_runs()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.GiveAsync(0, "1");
        await first;
        entry.Time.Advance(TimeSpan.FromSeconds(31));

        for (var i = 0; i < 2; i++)
        {
            var stale = await entry.Turn(e =>
            {
                var answer = e.ReadAsync(new() { Load = LoadMode.Declared }, CancellationToken.None);
                Assert.True(answer.IsCompletedSuccessfully);
                return answer;
            });
            Assert.Equal((ReadStatus.Stale, "1", -1_000), (stale.Status, Text(stale.Value), stale.FreshMilliseconds));
        }
    }

    [Fact]
    public async Task A_leased_stale_read_gets_the_ticket_to_refresh_and_the_next_reader_does_not()
    {
        var entry = new EntryHarness(Declared with { Integration = null });
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));

        var holder = await entry.Lease();
        var other = await entry.Lease();

        Assert.Equal(ReadStatus.Stale, holder.Status);
        Assert.NotNull(holder.Ticket);
        Assert.Equal((ReadStatus.Stale, null), (other.Status, other.Ticket));
        Assert.True((await entry.Complete(holder.Ticket, "2")).Stored);
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task Ttl_waits_for_the_load_and_serves_stale_only_if_it_fails()
    {
        var entry = new EntryHarness(Ttl);
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        var waits = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        Assert.False(waits.IsCompleted);

        await entry.Origin.EndAsync(0, FakeOrigin.Down);

        var reply = await waits;
        Assert.Equal((ReadStatus.Stale, "1", "origin-503"), (reply.Status, Text(reply.Value), reply.Problem!.Detail));
    }

    [Fact]
    public async Task Past_its_stale_time_a_value_is_a_miss()
    {
        var entry = new EntryHarness();
        await entry.Put("1", new() { FreshMilliseconds = 1_000, StaleMilliseconds = 1_000 });

        entry.Time.Advance(TimeSpan.FromMilliseconds(1_999));
        Assert.Equal(ReadStatus.Stale, (await entry.Get()).Status);
        entry.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_raised_tag_makes_the_value_a_miss()
    {
        var entry = new EntryHarness();
        await entry.Put("1", new() { Tags = ["country:NL"] });
        Assert.Equal(ReadStatus.Hit, (await entry.Get()).Status);

        entry.Tags.Raise("country:BE");
        Assert.Equal(ReadStatus.Hit, (await entry.Get()).Status);
        entry.Tags.Raise("country:NL");

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_value_of_another_generation_of_the_tag_log_is_suspect()
    {
        var entry = new EntryHarness();
        await entry.Put("1", new() { Tags = ["t"] });

        entry.Tags.Generation++;

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task Each_read_moves_the_end_of_a_sliding_value_and_a_restart_knows_of_it()
    {
        var entry = new EntryHarness();
        await entry.Put("1", new() { SlidingMilliseconds = 10_000 });
        for (var i = 0; i < 5; i++)
        {
            entry.Time.Advance(TimeSpan.FromSeconds(9));
            Assert.Equal((ReadStatus.Hit, 10_000), ((await entry.Get()) is var r ? r.Status : default, r.FreshMilliseconds));
        }

        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored!.FreshUntil > entry.Clock.Now + 9_000_000);
        entry.Crash();

        Assert.Equal(ReadStatus.Hit, (await entry.Get()).Status);
        entry.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task Strict_reads_are_refused_without_proof_unless_the_region_allows_stale()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        (entry.Ownership.FenceHolds, entry.Store.IsReachable) = (false, false);

        var refused = await entry.Get();
        entry.Policies.Change(Strict with { WhenUnproven = WhenUnproven.Stale });
        var stale = await entry.Get();

        Assert.Equal((ReadStatus.Failed, ProblemKind.Unavailable), (refused.Status, refused.Problem!.Kind));
        Assert.StartsWith("The silo could not prove", refused.Problem.Message, StringComparison.Ordinal);
        Assert.Equal((ReadStatus.Stale, "1", true), (stale.Status, Text(stale.Value), stale.Degraded));
    }

    [Fact]
    public async Task Eventual_reads_answer_from_memory_without_proof_or_store_and_say_so()
    {
        var entry = new EntryHarness(Declared);
        await entry.Put("1");
        (entry.Ownership.FenceHolds, entry.Store.IsReachable, entry.Store.IsDown) = (false, false, true);

        var reply = await entry.Get();

        Assert.Equal((ReadStatus.Hit, "1", true), (reply.Status, Text(reply.Value), reply.Degraded));
    }

    [Fact]
    public async Task Who_does_not_own_the_key_says_so_and_leaves()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);

        Assert.Equal((ReadStatus.NotOwner, 2), ((await entry.Get()) is var r ? r.Status : default, r.View));
        Assert.Equal(WriteStatus.NotOwner, (await entry.Put("2")).Status);
        Assert.True(entry.Leaves > 0);
    }

    [Fact]
    public async Task A_changed_policy_holds_from_the_next_call_on()
    {
        var entry = new EntryHarness(Ttl);
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));

        entry.Policies.Change(Declared);

        Assert.Equal(ReadStatus.Stale, (await entry.Call()).Status);
    }

    [Fact]
    public async Task A_load_chain_that_leads_back_to_the_key_runs_unshared()
    {
        var entry = new EntryHarness();
        var outer = await entry.Lease();

        var inner = await entry.Read(LoadMode.Leased, chain: RoutingHash.Of(Key));

        Assert.NotNull(outer.Ticket);
        Assert.Equal((ReadStatus.Lease, null), (inner.Status, inner.Ticket));
    }

    [Fact]
    public async Task Explain_says_why_the_last_read_was_answered_as_it_was()
    {
        var entry = new EntryHarness(Declared);
        Assert.Equal("absent", (await entry.Explain()).State);
        var first = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        Assert.Equal("loading", (await entry.Explain()).State);
        await entry.Origin.GiveAsync(0, "1", "country:NL");
        await first;
        Assert.Equal(("fresh", "country:NL"), ((await entry.Explain()) is var e ? e.State : "", e.Tags.Single()));

        entry.Time.Advance(TimeSpan.FromSeconds(31));
        await entry.Call();
        await entry.Origin.EndAsync(1, FakeOrigin.Down);
        await Eventually.TrueAsync(async () => (await entry.Explain()).LastError is not null);

        var failed = await entry.Explain();
        Assert.Equal(("stale", "The origin answered 503.", "closed"), (failed.State, failed.LastError, failed.Breaker));
        Assert.True(failed.NextTry > entry.Clock.Now);
        Assert.Contains("refresh runs behind", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetBytes("1"), (await entry.Get()).Value!.Bytes);
    }

    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(1, 0)]
    [InlineData(0, -1)]
    [InlineData(-1, -1)]
    [InlineData(-12_000_000, -12_000)]
    public void What_is_past_has_less_than_nothing_left(long microseconds, long milliseconds) =>
        Assert.Equal(milliseconds, EntryLifetimes.Remaining(1_000_000_000 + microseconds, 1_000_000_000));
}
