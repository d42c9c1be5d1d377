using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Rules 4 and 5: when a change is acknowledged, and what a restart finds.</summary>
public sealed class DurabilityTests
{
    private static readonly RegionPolicy Behind = Declared with { Integration = null, FreshFor = null, StaleFor = default };

    [Fact]
    public async Task Through_acknowledges_and_publishes_after_the_store_has_it()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");

        Assert.Equal("1", Text((await entry.Get()).Value));
        Assert.False(write.IsCompleted);
        entry.Store.Open();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
        Assert.Equal("2", Text((await entry.Get()).Value));
        Assert.Equal((await write).Version, entry.Stored!.Version);
    }

    [Fact]
    public async Task A_conditional_write_is_judged_against_the_pending_head_and_fails_with_it()
    {
        var entry = new EntryHarness();
        var old = (await entry.Put("1")).Version;
        entry.Store.Hold();
        var first = entry.Put("2");
        var onHead = entry.Put("3", when: ConditionKind.IfVersion, version: old + 1);
        Assert.Equal("1", Text((await entry.Get()).Value));

        entry.Store.IsDown = true;
        entry.Store.Open();

        Assert.Equal(WriteStatus.Unavailable, (await first).Status);
        Assert.Equal(WriteStatus.Unavailable, (await onHead).Status);
        Assert.Equal("1", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_is_refused_by_a_pending_head_hears_of_it_when_it_is_there(bool headFails)
    {
        var entry = new EntryHarness();
        var old = (await entry.Put("1")).Version;
        entry.Store.Hold();
        var first = entry.Put("2");
        var refused = entry.Put("x", when: ConditionKind.IfVersion, version: old);
        var absent = entry.Put("y", when: ConditionKind.IfAbsent);
        Assert.Equal("1", Text((await entry.Get()).Value));
        Assert.False(refused.IsCompleted || absent.IsCompleted);

        entry.Store.IsDown = headFails;
        entry.Store.Open();

        var expected = headFails ? (WriteStatus.AskAgain, 0) : (WriteStatus.ConditionFailed, old + 1);
        Assert.Equal(expected, ((await refused).Status, (await refused).Version));
        Assert.Equal(expected, ((await absent).Status, (await absent).Version));
        Assert.Equal(headFails ? WriteStatus.Unavailable : WriteStatus.Accepted, (await first).Status);
    }

    [Fact]
    public async Task Neighbouring_writes_share_a_store_write_and_have_versions_of_their_own()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var first = entry.Put("0");
        var rest = Enumerable.Range(1, 9).Select(i => entry.Put($"{i}")).ToArray();
        await Eventually.TrueAsync(async () => (await entry.Explain()).State == "absent");

        entry.Store.Open();
        var versions = (await Task.WhenAll([first, .. rest])).Select(r => r.Version).ToArray();

        Assert.Equal(2, entry.Store.Writes.Count);
        Assert.Equal(10, versions.Distinct().Count());
        Assert.Equal(versions.Max(), entry.Stored!.Version);
        Assert.Equal("9", Text((await entry.Get()).Value));
    }

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
    public async Task A_write_without_the_fence_is_neither_done_nor_acknowledged()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        (entry.Ownership.FenceHolds, entry.Store.IsReachable) = (false, false);

        var put = await entry.Put("2");
        Assert.Equal((WriteStatus.Unavailable, "its silo cannot prove its right to the key"), (put.Status, put.Detail));
        Assert.Equal(WriteStatus.Unavailable, (await entry.Remove()).Status);
        (entry.Ownership.FenceHolds, entry.Store.IsReachable) = (true, true);

        Assert.Equal("1", Text((await entry.Get()).Value));
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task A_write_waits_for_a_fence_that_a_store_within_reach_will_give()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Ownership.FenceHolds = false;

        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("2")).Status);
        Assert.Equal(ReadStatus.AskAgain, (await entry.Get()).Status);
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task A_write_goes_on_when_the_fence_comes_while_it_waits()
    {
        var entry = new EntryHarness();
        var renewal = new TaskCompletionSource();
        (entry.Ownership.FenceHolds, entry.Ownership.Renewal) = (false, renewal.Task);
        var write = entry.Put("1");
        await entry.Begun();

        entry.Ownership.FenceHolds = true;
        renewal.SetResult();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
    }

    [Fact]
    public async Task Without_the_fence_a_write_behind_is_acknowledged_and_a_removal_is_not()
    {
        var entry = new EntryHarness(Behind);
        entry.Ownership.FenceHolds = false;

        Assert.Equal(WriteStatus.AskAgain, (await entry.Remove()).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("1")).Status);
        Assert.Equal(WriteStatus.AskAgain, (await entry.Remove()).Status);

        Assert.Equal("1", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_write_whose_fence_lapses_on_the_way_is_not_acknowledged()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");
        await Eventually.TrueAsync(async () => (await entry.Explain()).State == "fresh");

        entry.Ownership.FenceHolds = false;
        entry.Store.Open();

        Assert.Equal(WriteStatus.AskAgain, (await write).Status);
    }

    [Fact]
    public async Task A_write_is_acknowledged_when_a_fence_that_lapsed_on_the_way_comes_back_in_time()
    {
        var entry = new EntryHarness();
        var renewal = new TaskCompletionSource();
        await entry.Get();
        entry.Store.Hold();
        var write = entry.Put("1");
        await entry.Begun();

        (entry.Ownership.FenceHolds, entry.Ownership.Renewal) = (false, renewal.Task);
        entry.Store.Open();
        await Eventually.TrueAsync(() => entry.Store.Writes.Count == 1);
        await entry.Begun();
        entry.Ownership.FenceHolds = true;
        renewal.SetResult();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
    }

    [Fact]
    public async Task A_higher_epoch_in_the_store_ends_the_activation()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Put(Key, entry.Stored! with { Epoch = 9 });

        Assert.Equal(WriteStatus.NotOwner, (await entry.Put("2")).Status);
        Assert.Equal(ReadStatus.NotOwner, (await entry.Get()).Status);
        Assert.Equal(1, entry.Leaves);
    }

    [Fact]
    public async Task A_write_that_finds_a_higher_epoch_in_its_first_read_is_told_of_the_owner()
    {
        var entry = new EntryHarness();
        entry.Store.Put(Key, new() { Epoch = 9 });

        Assert.Equal(WriteStatus.NotOwner, (await entry.Put("1")).Status);
    }

    [Fact]
    public async Task A_write_without_bytes_is_refused_by_name()
    {
        var entry = new EntryHarness();

        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => entry.Turn(e => e.WriteAsync(default, CancellationToken.None)));

        Assert.Contains("Bytes is null", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_outlasts_its_slice_is_asked_for_again_by_its_operation()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var operation = Guid.NewGuid();
        var write = entry.Put("1", operation: operation);
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(WriteStatus.AskAgain, (await write).Status);

        var again = entry.Put("1", operation: operation);
        entry.Store.Open();

        Assert.Equal(WriteStatus.Accepted, (await again).Status);
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task After_a_crash_through_values_come_back_with_what_is_left_of_their_lifetime()
    {
        var entry = new EntryHarness(Declared with { Durability = Durability.Through });
        var call = entry.Call();
        await entry.Origin.GiveAsync(0, "1", "t");
        var before = (await call).Value!;
        entry.Time.Advance(TimeSpan.FromSeconds(10));
        entry.Crash();

        var reply = await entry.Call();

        Assert.Equal((ReadStatus.Hit, "1", 19_999), (reply.Status, Text(reply.Value), reply.FreshMilliseconds));
        Assert.Equal((before.Version, before.LastModified, "t"), (reply.Value!.Version, reply.Value.LastModified, reply.Value.Tags.Single()));
        Assert.Equal(1, entry.Origin.Count);
    }

    [Fact]
    public async Task A_removed_key_stays_removed_and_its_version_never_falls()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        var removed = await entry.Remove();
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.True((await entry.Put("2")).Version > removed.Version);
    }

    [Fact]
    public void A_version_in_the_store_is_passed_even_when_it_is_ahead_of_the_clock()
    {
        var read = StoreRules.Adopt(default, new() { Kind = RecordKind.Removed, Version = 1_000 }, now: 10);

        Assert.Equal(1_001, VersionRules.Next(read, clusterTime: 10));
    }

    [Fact]
    public async Task The_first_change_of_an_activation_takes_cluster_time_and_later_ones_count_on()
    {
        var entry = new EntryHarness();
        var now = entry.Clock.Now;

        Assert.Equal(now, (await entry.Put("1")).Version);
        entry.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(now + 1, (await entry.Put("2")).Version);
        entry.Crash();
        Assert.Equal(entry.Clock.Now, (await entry.Put("3")).Version);
    }

    [Fact]
    public async Task The_first_change_waits_until_its_version_is_past_for_certain()
    {
        var entry = new EntryHarness();
        entry.Clock.Uncertainty = 5_000;
        var first = entry.Put("1");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 1);
        Assert.False(first.IsCompleted);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);

        entry.Time.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Equal(WriteStatus.Accepted, (await first).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2")).Status);
    }

    [Fact]
    public async Task A_first_load_spends_its_commit_wait_while_the_origin_works()
    {
        var entry = new EntryHarness(Declared);
        entry.Clock.Uncertainty = 5_000;
        var began = entry.Clock.Now;
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Time.Advance(TimeSpan.FromMilliseconds(300));

        await entry.Origin.GiveAsync(0, "1");

        Assert.Equal((true, began), ((await call) is var r && r.Stored, r.Value!.Version));
    }

    [Fact]
    public async Task Behind_acknowledges_from_memory_and_flushes_soon()
    {
        var entry = new EntryHarness(Behind);
        await entry.Get();
        entry.Store.Hold();

        Assert.Equal(WriteStatus.Accepted, (await entry.Put("1")).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2")).Status);
        entry.Store.Open();
        Assert.Empty(entry.Store.Writes);
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false, Kind: RecordKind.Value });

        entry.Crash();
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task Behind_marks_the_store_once_a_burst_so_that_a_crash_gives_a_miss_and_never_an_older_value()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });

        await entry.Put("2");
        var last = await entry.Put("3");
        Assert.Equal(2, entry.Store.Writes.Count);
        Assert.True(entry.Store.Writes[^1].Dirty);
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.True((await entry.Put("4")).Version > last.Version);
    }

    [Fact]
    public async Task Behind_is_flushed_when_the_activation_ends()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");

        await entry.Deactivate();

        Assert.Equal("1", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_failed_flush_is_tried_again()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");
        entry.Store.IsDown = true;
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2")).Status);
        entry.Store.IsDown = false;

        entry.Time.Advance(EntryLimits.LongestStorePause);
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });

        entry.Crash();
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
    public async Task A_flush_that_fails_is_tried_less_and_less_often_and_for_ever()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");
        entry.Store.IsDown = true;
        var attempts = entry.Store.Attempts;
        TimeSpan[] pauses = [EntryLimits.FlushDelay, .. Enumerable.Range(0, 70).Select(n => n < 7 ? EntryLimits.FlushDelay * (1 << n) : EntryLimits.LongestStorePause)];

        foreach (var pause in pauses)
        {
            await Eventually.TrueAsync(() => entry.Time.ActiveTimers == 1);
            entry.Time.Advance(pause - TimeSpan.FromTicks(1));
            Assert.Equal(1, entry.Time.ActiveTimers);
            Assert.Equal(attempts, entry.Store.Attempts);
            entry.Time.Advance(TimeSpan.FromTicks(1));
            attempts++;
            await Eventually.TrueAsync(() => entry.Store.Attempts == attempts);
        }

        entry.Store.IsDown = false;
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers == 1);
        entry.Time.Advance(EntryLimits.LongestStorePause);
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });
        await entry.Begun();
        await entry.Put("2");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers == 1);
        entry.Time.Advance(EntryLimits.FlushDelay);
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false } stored && stored.Bytes.AsSpan().SequenceEqual("2"u8));
    }

    [Fact]
    public async Task Who_is_chosen_to_leave_stays_while_it_loads_and_flushes_before_it_goes()
    {
        var entry = new EntryHarness(Behind);
        var holder = await entry.Lease();
        await AskToLeaveAsync(entry);
        Assert.Equal(0, entry.Leaves);

        var other = entry.Lease();
        await entry.Begun();
        Assert.True((await entry.Complete(holder.Ticket!, "1")).Stored);
        await other;
        entry.Store.Hold();
        await AskToLeaveAsync(entry);
        Assert.Equal(0, entry.Leaves);
        entry.Store.Open();
        await Eventually.TrueAsync(() => entry.Leaves == 1);

        Assert.Equal(RecordKind.Value, entry.Stored!.Kind);

        static async Task AskToLeaveAsync(EntryHarness entry)
        {
            await entry.Turn(static e =>
            {
                e.AskToLeave();
                return new ValueTask<bool>(true);
            });
            await entry.Begun();
        }
    }

    [Fact]
    public async Task Writes_behind_share_one_flush()
    {
        var entry = new EntryHarness(Behind);

        await entry.Put("1");
        await entry.Put("2");

        Assert.Equal(1, entry.Time.ActiveTimers);
    }

    [Fact]
    public async Task An_activation_ends_after_the_store_has_what_it_was_getting()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var (first, second) = (entry.Put("1"), entry.Put("2"));
        await entry.Begun();

        var end = entry.Deactivate();
        await entry.Begun();
        Assert.False(end.IsCompleted);
        entry.Store.Open();
        await end;

        Assert.Equal("2"u8.ToArray(), entry.Stored!.Bytes);
        Assert.Equal((WriteStatus.Accepted, WriteStatus.Accepted), ((await first).Status, (await second).Status));
    }

    [Fact]
    public async Task A_write_behind_whose_mark_is_on_its_way_is_flushed_too_when_the_activation_ends()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });
        await entry.Begun();
        entry.Store.Hold();
        var write = entry.Put("2");
        await entry.Begun();

        var end = entry.Deactivate();
        await entry.Begun();
        entry.Store.Open();
        await end;

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
        Assert.Equal((false, "2"), (entry.Stored!.Dirty, System.Text.Encoding.UTF8.GetString(entry.Stored.Bytes)));
    }

    [Fact]
    public async Task An_activation_that_ends_waits_for_its_flush_and_leaves_the_memory_bound()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");
        Assert.Equal((1, new EntryMemoryOptions().Overhead + (2 * Key.Length) + 1), (entry.Memory.Entries, entry.Memory.Bytes));
        entry.Store.Hold();

        var end = entry.Deactivate();
        await entry.Begun();
        Assert.False(end.IsCompleted);
        entry.Store.Open();
        await end;

        Assert.Equal(RecordKind.Value, entry.Stored!.Kind);
        Assert.Equal((0, 0), (entry.Memory.Entries, entry.Memory.Bytes));
    }

    [Fact]
    public async Task Who_asks_an_activation_that_has_ended_is_told_to_ask_again()
    {
        var entry = new EntryHarness();

        var read = await entry.Turn(async e =>
        {
            await e.DeactivateAsync(CancellationToken.None);
            return await e.ReadAsync(default, CancellationToken.None);
        });

        Assert.Equal(ReadStatus.AskAgain, read.Status);
    }

    [Fact]
    public async Task Who_was_refused_for_a_newer_owner_brings_the_store_nothing_more()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("1");
        entry.Store.Put(Key, new() { Epoch = 9 });
        Assert.Equal(WriteStatus.NotOwner, (await entry.Remove()).Status);
        var attempts = entry.Store.Attempts;

        entry.Time.Advance(EntryLimits.FlushDelay);
        await entry.Begun();
        await new EntrySeal(entry.Memory, entry.Ownership).LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        entry.Ownership.IsOwner = false;
        await new EntrySeal(entry.Memory, entry.Ownership).LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        await entry.Deactivate();

        Assert.Equal(attempts, entry.Store.Attempts);
    }

    [Fact]
    public async Task When_a_region_begins_to_keep_values_the_store_is_read_before_the_next_change()
    {
        var entry = new EntryHarness(Behind with { Durability = Durability.None });
        await entry.Put("1");
        entry.Store.Put(Key, new() { Kind = RecordKind.Value, Epoch = 1, Version = 1L << 60, StaleUntil = long.MaxValue, ExpiresAt = long.MaxValue });

        entry.Policies.Change(Strict);

        Assert.True((await entry.Put("2")).Version > 1L << 60);
    }

    [Fact]
    public async Task A_repetition_of_a_queued_write_waits_for_the_same_one()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var operation = Guid.NewGuid();
        Task<WriteReply>[] writes = [entry.Put("1"), entry.Put("2", operation: operation), entry.Put("2", operation: operation)];
        await entry.Begun();

        entry.Store.Open();
        var replies = await Task.WhenAll(writes);

        Assert.Equal(replies[1].Version, replies[2].Version);
        Assert.Equal(replies[0].Version + 1, entry.Stored!.Version);
    }

    [Fact]
    public async Task Removals_are_always_through()
    {
        foreach (var durability in Enum.GetValues<Durability>())
        {
            var entry = new EntryHarness(Behind with { Durability = durability });
            await entry.Put("1");
            entry.Store.IsDown = true;
            Assert.Equal(WriteStatus.Unavailable, (await entry.Remove()).Status);
            Assert.Equal("1", Text((await entry.Get()).Value));
            entry.Store.IsDown = false;

            Assert.Equal(WriteStatus.Accepted, (await entry.Remove()).Status);
            Assert.Equal(RecordKind.Removed, entry.Stored!.Kind);
            entry.Crash();
            Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        }
    }

    [Fact]
    public async Task None_lives_in_memory_only()
    {
        var entry = new EntryHarness(Behind with { Durability = Durability.None });
        entry.Store.IsDown = true;
        var first = await entry.Put("1");
        Assert.Equal("1", Text((await entry.Get()).Value));
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.True((await entry.Put("2")).Version > first.Version);
        Assert.Null(entry.Stored);
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

        entry.Time.Advance(EntryLimits.StorePatience + EntryLimits.StorePatience);
        entry.Store.Open();
        await Eventually.TrueAsync(() => call.IsCompleted || entry.Origin.Count > 0);

        Assert.Equal(0, entry.Origin.Count);
        Assert.Equal((ReadStatus.Hit, "1"), ((await call) is var r ? r.Status : default, Text(r.Value)));
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

    [Fact]
    public async Task A_reader_that_comes_while_the_store_gets_a_loads_result_does_not_load_again()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();
        entry.Store.Hold();
        var done = entry.Complete(holder.Ticket!, "1");
        var reader = entry.Lease();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 1);

        entry.Store.Open();

        Assert.True((await done).Stored);
        Assert.Equal("1", Text((await reader).Value));
    }

    [Fact]
    public async Task A_condition_on_presence_or_absence_counts_what_may_be_served()
    {
        var entry = new EntryHarness();
        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("1", when: ConditionKind.IfPresent)).Status);
        Assert.Equal((WriteStatus.Accepted, false), ((await entry.Put("1", new() { Tags = ["t"] }, ConditionKind.IfAbsent)) is var r ? r.Status : default, r.Existed));
        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("2", when: ConditionKind.IfAbsent)).Status);
        entry.Tags.Raise("t");
        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("2", when: ConditionKind.IfPresent)).Status);

        Assert.Equal((WriteStatus.Accepted, false), ((await entry.Put("2", when: ConditionKind.IfAbsent)) is var again ? again.Status : default, again.Existed));
    }

    [Fact]
    public async Task Without_a_store_an_entry_stays_for_its_lifetime_though_nobody_reads_it()
    {
        var entry = new EntryHarness(new() { Region = "plain", Coherence = Coherence.None, Durability = Durability.None, FreshFor = TimeSpan.FromHours(1), StaleFor = TimeSpan.FromHours(2) });

        await entry.Put("1");
        Assert.InRange(entry.Stays, TimeSpan.FromHours(2.99), TimeSpan.FromHours(3));
        await entry.Remove();
        Assert.Equal(TimeSpan.Zero, entry.Stays);
    }
}
