using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Keys that come, go and stay while views change.</summary>
public sealed class MovedKeyTests
{
    [Fact]
    public async Task A_gained_key_is_neither_read_nor_written_before_its_former_owner_has_let_it_go()
    {
        var entry = new EntryHarness();
        entry.Ownership.IsHeldUp = true;

        Assert.Equal(ReadStatus.AskAgain, (await entry.Get()).Status);
        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("1")).Status);
        Assert.Equal(WriteStatus.AskAgain, (await entry.Remove()).Status);
        Assert.Equal("absent", (await entry.Explain()).State);
        Assert.Null(entry.Stored);

        entry.Ownership.IsHeldUp = false;
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("1")).Status);
    }

    [Fact]
    public async Task Who_comes_to_the_wrong_silo_is_sent_away_without_a_look_at_the_store_or_a_place_in_memory()
    {
        var entry = new EntryHarness();
        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);

        var read = await entry.Get();

        Assert.Equal((ReadStatus.NotOwner, 2), (read.Status, read.View));
        Assert.True((await entry.Explain()).IsRefusal);
        Assert.Equal((0, 0L, 1), (entry.Store.Attempts, entry.Memory.Entries, entry.Leaves));
        await entry.Deactivate();
        Assert.Equal((0L, 0L), (entry.Memory.Entries, entry.Memory.Bytes));
    }

    [Fact]
    public async Task Who_comes_to_an_activation_that_ends_though_its_silo_has_the_key_asks_again_there()
    {
        var entry = new EntryHarness();
        await entry.Put("1");

        (entry.Ownership.Epoch, entry.Ownership.View) = (2, 2);

        Assert.Equal((ReadStatus.AskAgain, WriteStatus.AskAgain, WriteStatus.AskAgain), ((await entry.Get()).Status, (await entry.Put("2")).Status, (await entry.Remove()).Status));
        Assert.Equal((OriginWriteStatus.AskAgain, 1), ((await entry.BeginWrite()).Status, entry.Leaves));
        entry.Ownership.IsOwner = false;
        Assert.Equal(ReadStatus.NotOwner, (await entry.Get()).Status);
    }

    [Fact]
    public async Task Who_comes_to_the_wrong_silo_does_not_wait_for_room()
    {
        var entry = new EntryHarness(memory: new() { MaxEntries = 1 });
        for (var i = 0; i < 1_100; i++)
            entry.Memory.Place(new StayingNode(), EntryHarness.Strict);
        entry.Ownership.IsOwner = false;

        Assert.Equal(ReadStatus.NotOwner, (await entry.Get().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task A_write_whose_key_moves_on_the_way_is_not_acknowledged()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");
        await Eventually.TrueAsync(async () => (await entry.Explain()).State == "fresh");

        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);
        entry.Store.Open();

        Assert.Equal(WriteStatus.AskAgain, (await write).Status);
        Assert.Equal(WriteStatus.NotOwner, (await entry.Put("2")).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_read_while_the_key_moves_or_the_fence_lapses_is_not_told(bool moves)
    {
        var entry = new EntryHarness();
        entry.Store.Hold();
        var read = entry.Get();
        await entry.Begun();

        (entry.Ownership.IsOwner, entry.Ownership.View, entry.Ownership.FenceHolds) = moves ? (false, 2, true) : (true, 1, false);
        entry.Store.Open();

        Assert.Equal(moves ? ReadStatus.NotOwner : ReadStatus.AskAgain, (await read).Status);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_change_is_not_made_when_the_key_moves_or_the_fence_lapses_while_the_store_is_read(bool moves, bool removes)
    {
        var entry = new EntryHarness();
        entry.Store.Hold();
        var change = removes ? entry.Remove() : entry.Put("1");
        await entry.Begun();

        (entry.Ownership.IsOwner, entry.Ownership.View, entry.Ownership.FenceHolds) = moves ? (false, 2, true) : (true, 1, false);
        entry.Store.Open();

        Assert.Equal(moves ? WriteStatus.NotOwner : WriteStatus.AskAgain, (await change).Status);
        Assert.Empty(entry.Store.Writes);
    }

    [Fact]
    public async Task A_change_waits_for_the_former_owner_when_a_view_changes_while_the_store_is_read()
    {
        var entry = new EntryHarness();
        entry.Store.Hold();
        var write = entry.Put("1");
        await entry.Begun();

        (entry.Ownership.IsHeldUp, entry.Ownership.View) = (true, 2);
        entry.Store.Open();

        Assert.Equal(WriteStatus.AskAgain, (await write).Status);
        Assert.Empty(entry.Store.Writes);
    }

    [Fact]
    public async Task A_change_is_not_judged_by_what_was_read_from_a_store_that_began_anew_meanwhile()
    {
        var entry = new EntryHarness();
        entry.Store.Hold();
        var write = entry.Put("1", when: ConditionKind.IfAbsent);
        await entry.Begun();

        entry.Ownership.Begin();
        entry.Store.Open();

        Assert.Equal(WriteStatus.AskAgain, (await write).Status);
        Assert.Empty(entry.Store.Writes);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Who_lost_the_key_still_brings_the_store_what_only_memory_has_unless_a_newer_owner_was_there(bool newerOwner, bool flushed)
    {
        var entry = new EntryHarness(Declared);
        await entry.Put("1");
        if (newerOwner)
            entry.Store.Put(Key, new() { Epoch = 2 });

        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);
        Assert.Equal(ReadStatus.NotOwner, (await entry.Get()).Status);
        await entry.Deactivate();

        Assert.Equal(flushed, entry.Stored!.Kind == RecordKind.Value);
    }

    [Fact]
    public async Task A_sealed_view_finds_in_the_store_what_memory_had_of_the_keys_that_moved_away()
    {
        var entry = new EntryHarness(Declared);
        await entry.Put("1");
        var work = new EntrySeal(entry.Memory, entry.Ownership);

        await work.LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        Assert.Equal((RecordKind.Claim, 0), (entry.Stored!.Kind, entry.Leaves));

        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);
        await work.LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        Assert.Equal((RecordKind.Value, 1), (entry.Stored!.Kind, entry.Leaves));
    }

    [Fact]
    public async Task After_a_beginning_the_store_gets_again_what_it_lost()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Put(Key, new() { Epoch = 1 });

        entry.Ownership.Begin();

        Assert.Equal(ReadStatus.Hit, (await entry.Get()).Status);
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        entry.Time.Advance(EntryLimits.FlushDelay);
        await Eventually.TrueAsync(() => entry.Stored!.Kind == RecordKind.Value);
    }

    [Fact]
    public async Task After_a_beginning_the_store_is_read_before_the_next_change()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Put(Key, new() { Kind = RecordKind.Removed, Epoch = 1, Version = 1L << 60, ExpiresAt = long.MaxValue });

        entry.Ownership.Begin();

        Assert.True((await entry.Put("2")).Version > 1L << 60);
    }

    [Fact]
    public async Task A_read_waits_for_the_former_owner_when_a_view_changes_while_the_store_is_read()
    {
        var entry = new EntryHarness();
        entry.Store.Hold();
        var read = entry.Get();
        await entry.Begun();

        (entry.Ownership.IsHeldUp, entry.Ownership.View) = (true, 2);
        entry.Store.Open();

        Assert.Equal(ReadStatus.AskAgain, (await read).Status);
    }

    [Fact]
    public async Task A_read_that_finds_a_higher_epoch_in_the_store_is_told_of_the_owner()
    {
        var entry = new EntryHarness();
        entry.Store.Put(Key, new() { Epoch = 9 });

        Assert.Equal(ReadStatus.NotOwner, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_flush_by_one_who_lost_the_key_is_done_once()
    {
        var entry = new EntryHarness(Declared);
        await entry.Put("1");

        (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);
        await new EntrySeal(entry.Memory, entry.Ownership).LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        var attempts = entry.Store.Attempts;
        await entry.Deactivate();

        Assert.Equal((RecordKind.Value, attempts), (entry.Stored!.Kind, entry.Store.Attempts));
    }

    [Fact]
    public async Task Who_waits_for_a_load_hears_at_once_when_its_activation_ends_or_its_key_moves()
    {
        foreach (var moves in new[] { false, true })
        {
            var entry = new EntryHarness();
            await entry.Lease();
            var waiting = entry.Lease();
            await entry.Begun();
            Assert.False(waiting.IsCompleted);

            if (moves)
            {
                (entry.Ownership.IsOwner, entry.Ownership.View) = (false, 2);
                await entry.Get();
            }
            else
            {
                await entry.Deactivate();
            }

            Assert.Equal(moves ? ReadStatus.NotOwner : ReadStatus.AskAgain, (await waiting).Status);
        }
    }

    [Fact]
    public async Task A_write_that_the_store_may_have_lost_in_a_beginning_is_not_acknowledged()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");
        await Eventually.TrueAsync(async () => (await entry.Explain()).State == "fresh");

        entry.Ownership.Begin();
        entry.Store.Open();

        Assert.NotEqual(WriteStatus.Accepted, (await write).Status);
    }

    [Fact]
    public async Task A_removal_goes_through_when_a_write_whose_end_is_unknown_may_still_arrive()
    {
        var entry = new EntryHarness();
        await entry.Get();
        (entry.Store.LosesReplies, var claim) = (true, entry.Stored!);
        await entry.Put("1");
        var late = entry.Stored!;
        entry.Store.Put(Key, claim);
        entry.Store.LosesReplies = false;

        Assert.Equal(WriteStatus.Accepted, (await entry.Remove()).Status);

        Assert.False((await entry.Store.WriteAsync(Key, late, CancellationToken.None)).Written);
        Assert.Equal(RecordKind.Removed, entry.Stored!.Kind);
    }

    private sealed class StayingNode : EntryNode
    {
        public override ulong KeyHash => 0;

        public override void AskToLeave()
        {
        }

        public override Task LetGoAsync() => Task.CompletedTask;
    }
}
