using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What changes and reads come to while the store fails, hangs or is slow.</summary>
public sealed class StoreAwayTests
{
    [Fact]
    public async Task A_write_that_fails_leaves_the_old_value_and_the_next_one_gets_a_higher_version()
    {
        var entry = new EntryHarness();
        var old = await entry.Put("1");
        entry.Store.IsDown = true;

        Assert.Equal((WriteStatus.Unavailable, 1_000), (await entry.Put("2")) is var put ? (put.Status, put.RetryAfterMilliseconds) : default);
        Assert.Equal(WriteStatus.Unavailable, (await entry.Remove()).Status);
        Assert.Equal(("1", old.Version), ((await entry.Get()) is var r ? Text(r.Value) : "", r.Value!.Version));
        entry.Store.IsDown = false;

        Assert.True((await entry.Put("3")).Version > old.Version + 2);
    }

    [Fact]
    public async Task A_write_whose_end_is_unknown_is_looked_up_before_the_next_is_judged()
    {
        var entry = new EntryHarness();
        var old = await entry.Put("1");
        entry.Store.LosesReplies = true;
        var operation = Guid.NewGuid();
        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("2", operation: operation)).Status);
        entry.Store.LosesReplies = false;

        var onOld = await entry.Put("x", when: ConditionKind.IfVersion, version: old.Version);
        var repeated = await entry.Put("2", operation: operation);

        Assert.Equal(WriteStatus.ConditionFailed, onOld.Status);
        Assert.Equal((WriteStatus.Accepted, onOld.Version), (repeated.Status, repeated.Version));
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_write_that_the_store_refuses_for_a_newer_version_is_looked_up_and_not_acknowledged()
    {
        var entry = new EntryHarness();
        var old = await entry.Put("1");
        entry.Store.Put(Key, entry.Stored! with { Version = old.Version + 9, Bytes = "2"u8.ToArray() });

        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("x")).Status);

        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("y", when: ConditionKind.IfVersion, version: old.Version)).Status);
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task After_a_failed_read_the_store_is_left_in_peace_for_a_while_and_then_asked_again()
    {
        var entry = new EntryHarness();
        entry.Store.Hold();
        var first = entry.Put("1");
        await entry.Begun();
        entry.Store.IsDown = true;
        entry.Store.Open();
        Assert.Equal(WriteStatus.Unavailable, (await first).Status);
        entry.Store.IsDown = false;

        Assert.Equal(WriteStatus.Unavailable, (await entry.Put("1")).Status);
        Assert.Equal(1, entry.Store.Attempts);
        entry.Time.Advance(EntryLimits.StorePatience);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("1")).Status);
    }

    [Fact]
    public async Task With_the_store_away_an_eventual_cold_key_loads_and_answers_uncached()
    {
        var entry = new EntryHarness(Declared);
        entry.Store.IsDown = true;
        entry.Store.IsReachable = false;
        var call = entry.Call();
        await entry.Origin.GiveAsync(0, "1");

        var reply = await call;
        Assert.Equal(("1", false, true, 0), (Text(reply.Value), reply.Stored, reply.Degraded, reply.Value!.Version));
        Assert.Equal(ProblemKind.Unavailable, (await entry.Get()).Problem!.Kind);
        entry.Store.IsDown = false;
        entry.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_store_that_is_only_slow_is_waited_for_and_spares_the_origin_a_call()
    {
        var entry = new EntryHarness(Declared);
        await entry.Put("1");
        await entry.Flush();
        entry.Crash();
        entry.Store.Hold();
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);

        entry.Time.Advance(EntryLimits.Slice - TimeSpan.FromMilliseconds(1));
        entry.Store.Open();
        await Eventually.TrueAsync(() => call.IsCompleted || entry.Origin.Count > 0);

        Assert.Equal(0, entry.Origin.Count);
        Assert.Equal((ReadStatus.Hit, "1"), ((await call) is var r ? r.Status : default, Text(r.Value)));
    }

    [Theory]
    [InlineData(2_000, 2_000)]
    [InlineData(1_500, 1_500)]
    [InlineData(0, 1_000)]
    public async Task A_store_that_says_nothing_is_waited_for_no_longer_than_the_call_may_take(int wait, int waited)
    {
        var entry = new EntryHarness(Declared);
        entry.Store.Hold();
        var call = entry.Call(wait);
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);

        entry.Time.Advance(TimeSpan.FromMilliseconds(waited - 1));
        Assert.Equal(0, entry.Origin.Count);
        entry.Time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Store.Open();
        await entry.Origin.GiveAsync(0, "1");

        Assert.Equal(ReadStatus.AskAgain, (await call).Status);
        Assert.Equal("1", Text((await entry.Call()).Value));
    }

    [Fact]
    public async Task With_the_store_away_a_strict_cold_key_is_unavailable()
    {
        var entry = new EntryHarness();
        entry.Store.IsDown = true;

        Assert.Equal(ProblemKind.Unavailable, (await entry.Lease()).Problem!.Kind);
        Assert.Equal(WriteStatus.Unavailable, (await entry.Put("1")).Status);
    }

    [Fact]
    public async Task An_origins_answer_does_not_wait_for_a_store_that_hangs()
    {
        var entry = new EntryHarness(Declared with { Durability = Durability.Through });
        await entry.Get();
        var idle = entry.Time.ActiveTimers;
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1 && entry.Time.ActiveTimers > idle);       // the caller waits
        entry.Store.Hold();
        var before = entry.Time.ActiveTimers;
        await entry.Origin.GiveAsync(0, "1");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > before);

        entry.Time.Advance(EntryLimits.StorePatience);

        Assert.Equal(("1", false), ((await call) is var r ? Text(r.Value) : "", r.Stored));
        entry.Store.Open();
    }
}
