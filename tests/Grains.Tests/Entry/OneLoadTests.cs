using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Rule 1: one load in flight per key; nobody waits longer than a slice.</summary>
public sealed class OneLoadTests
{
    [Fact]
    public async Task A_thousand_cold_callers_share_one_origin_call()
    {
        var entry = new EntryHarness(Declared);
        var callers = Enumerable.Range(0, 1_000).Select(_ => entry.Call()).ToArray();

        await entry.Origin.GiveAsync(0, "1");
        var replies = await Task.WhenAll(callers);

        Assert.Equal(1, entry.Origin.Count);
        Assert.Single(replies, r => r.Status == ReadStatus.Loaded);
        Assert.All(replies, r => Assert.True(r is { Status: ReadStatus.Loaded or ReadStatus.Joined, Stored: true } && Text(r.Value) == "1"));
    }

    [Fact]
    public async Task A_cancelled_caller_ends_its_wait_and_not_the_load()
    {
        var entry = new EntryHarness(Declared);
        using var patience = new CancellationTokenSource();
        var gone = entry.Call(cancellationToken: patience.Token);
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        var stays = entry.Call();
        await entry.Origin.GiveAsync(0, "1");

        Assert.Equal(ReadStatus.Joined, (await stays).Status);
        Assert.Equal(1, entry.Origin.Count);
    }

    [Fact]
    public async Task A_call_waits_no_longer_than_a_slice_and_has_its_answer_when_it_asks_again()
    {
        var entry = new EntryHarness(Declared);
        var operation = Guid.NewGuid();
        var first = entry.Read(LoadMode.Declared, wait: 60_000, operation: operation);
        await Eventually.TrueAsync(() => entry.Origin.Count == 1 && entry.Time.ActiveTimers > 0);

        entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(ReadStatus.AskAgain, (await first).Status);
        await entry.Origin.EndAsync(0, new OriginResult { Kind = OriginResultKind.Absent, Bytes = [1] });
        await Eventually.TrueAsync(async () => (await entry.Explain()).State != "loading");
        entry.Time.Advance(TimeSpan.FromMilliseconds(29.5));
        var again = await entry.Read(LoadMode.Declared, operation: operation);

        Assert.Equal((ProblemKind.NotFound, -30), (again.Problem!.Kind, again.DecidedAfterMilliseconds));
        Assert.Equal(1, entry.Origin.Count);
    }

    [Fact]
    public async Task Who_waited_is_told_when_the_result_met_the_state_not_when_the_store_had_it()
    {
        var entry = new EntryHarness(Declared with { Durability = Durability.Through });
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1 && entry.Time.ActiveTimers > 0);
        var before = entry.Store.Attempts;
        entry.Store.Hold();
        entry.Time.Advance(TimeSpan.FromMilliseconds(100.5));
        await entry.Origin.GiveAsync(0, "1");
        await Eventually.TrueAsync(() => entry.Store.Attempts == before + 1);

        entry.Time.Advance(TimeSpan.FromMilliseconds(50));
        entry.Store.Open();

        Assert.Equal((ReadStatus.Loaded, 100), (await call is var reply ? (reply.Status, reply.DecidedAfterMilliseconds) : default));
    }

    [Fact]
    public async Task Past_the_bound_of_waiters_a_caller_is_told_that_the_key_is_overloaded()
    {
        var entry = new EntryHarness(Declared);
        var waiting = Enumerable.Range(0, EntryLimits.MaxWaiters).Select(_ => entry.Call()).ToArray();

        var refused = await entry.Call();
        await entry.Origin.GiveAsync(0, "1");
        await Task.WhenAll(waiting);

        Assert.Equal(ProblemKind.Overloaded, refused.Problem!.Kind);
    }

    [Fact]
    public async Task A_load_that_fails_is_over_and_the_next_caller_tries_again()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.EndAsync(0, FakeOrigin.Down);
        Assert.Equal("origin-503", (await first).Problem!.Detail);

        var second = entry.Call();
        await entry.Origin.GiveAsync(1, "1");

        Assert.Equal("1", Text((await second).Value));
    }

    [Fact]
    public async Task A_background_refresh_is_one_and_says_that_nobody_waits()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.GiveAsync(0, "1");
        await first;

        entry.Time.Advance(TimeSpan.FromSeconds(31));
        for (var i = 0; i < 10; i++)
            Assert.Equal(ReadStatus.Stale, (await entry.Call()).Status);
        var call = await entry.Origin.GiveAsync(1, "2");
        await Eventually.TrueAsync(async () => (await entry.Call()).Status == ReadStatus.Hit);

        Assert.True(call.Background);
        Assert.Equal(2, entry.Origin.Count);
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_refresh_waits_for_an_older_load_and_shares_the_next_one()
    {
        var entry = new EntryHarness(Declared);
        var older = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        var refreshes = Enumerable.Range(0, 3).Select(_ => entry.Turn(e =>
            e.RefreshAsync(new() { Load = LoadMode.Declared, WaitMilliseconds = 2_000, OperationId = Guid.NewGuid() }, CancellationToken.None))).ToArray();

        await entry.Origin.GiveAsync(0, "1");
        await entry.Origin.GiveAsync(1, "2");

        Assert.Equal("1", Text((await older).Value));
        foreach (var refresh in refreshes)
            Assert.Equal("2", Text((await refresh).Value));
        Assert.Equal(2, entry.Origin.Count);
    }
}
