using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Writes that go to the origin first, in the key's turn.</summary>
public class OriginWriteTests
{
    private static readonly RegionPolicy Behind = Declared with { Integration = null, Method = null };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Readers_have_the_old_value_until_the_end_is_acknowledged_and_the_new_one_after(bool behind)
    {
        var entry = new EntryHarness(behind ? Behind : Strict);
        await entry.Put("old");
        var turn = await entry.BeginWrite();
        Assert.Equal("old", Text((await entry.Get()).Value));

        var end = await entry.EndWrite(turn.Ticket!, "new");

        Assert.Equal(OriginWriteStatus.Ended, end.Status);
        var read = await entry.Get();
        Assert.Equal(("new", end.Version), (Text(read.Value), read.Value!.Version));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_crash_while_the_origin_is_written_leaves_a_miss_and_the_next_owner_goes_on_with_the_turn(bool behind, bool existed)
    {
        var entry = new EntryHarness(behind ? Behind : Strict);
        if (existed)
            await entry.Put("old");
        if (existed && behind)
        {
            await entry.Flush();
            await Eventually.TrueAsync(() => entry.Stored is { Dirty: false, Kind: RecordKind.Value });
        }

        var operation = Guid.NewGuid();
        var turn = await entry.BeginWrite(operation);
        entry.Time.Advance(EntryLimits.FlushDelay);
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        var lease = await entry.Lease();
        Assert.False((await entry.Complete(lease.Ticket!, "of unknown age")).Stored);
        Assert.Equal(turn.Ticket, (await entry.BeginWrite(operation)).Ticket);
        Assert.Equal(OriginWriteStatus.Ended, (await entry.EndWrite(turn.Ticket!, "new")).Status);
        Assert.Equal("new", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task If_the_writer_dies_too_no_load_is_kept_that_the_origin_may_have_answered_before_it(bool existed)
    {
        var entry = new EntryHarness();
        if (existed)
            await entry.Put("old");
        var turn = await entry.BeginWrite();
        entry.Crash();
        var lease = await entry.Lease();
        entry.Time.Advance(EntryLimits.LoadLease * 0.9);
        Assert.False((await entry.Complete(lease.Ticket!, "old")).Stored);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);

        await Eventually.TrueAsync(async () =>
        {
            entry.Time.Advance(EntryLimits.LoadLease / 10);
            return (await entry.Complete((await entry.Lease()).Ticket!, "new")).Stored;
        });

        Assert.Equal("new", Text((await entry.Get()).Value));
        Assert.Equal(OriginWriteStatus.Lost, (await entry.EndWrite(turn.Ticket!, "late")).Status);
    }

    [Fact]
    public async Task A_key_that_moves_takes_its_turn_along_and_whoever_renews_keeps_it()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var turn = await entry.BeginWrite();
        entry.Ownership.View++;
        entry.Ownership.IsOwner = false;
        Assert.True(await entry.Renew(turn.Ticket!));
        Assert.Equal(OriginWriteStatus.NotOwner, (await entry.EndWrite(turn.Ticket!, "new")).Status);
        entry.Ownership.IsOwner = true;
        entry.Crash();

        for (var third = 0; third < 6; third++)
        {
            Assert.True(await entry.Renew(turn.Ticket!));
            entry.Time.Advance(EntryLimits.LoadLease / 3);
        }

        Assert.Equal(OriginWriteStatus.Ended, (await entry.EndWrite(turn.Ticket!, "new")).Status);
        Assert.Equal("new", Text((await entry.Get()).Value));
        Assert.False(await entry.Renew(turn.Ticket!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_turn_that_ended_without_a_value_is_not_taken_over(bool isInDoubt)
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        await entry.EndWrite(turn.Ticket!, null, isInDoubt ? OriginWriteEnd.Doubtful : OriginWriteEnd.Refused);
        entry.Crash();

        Assert.True((await entry.Complete((await entry.Lease()).Ticket!, "loaded")).Stored);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_of_the_origin_changes_nothing_also_after_a_crash(bool crashes)
    {
        var entry = new EntryHarness();
        var put = await entry.Put("old");
        var turn = await entry.BeginWrite();

        Assert.Equal(OriginWriteStatus.Ended, (await entry.EndWrite(turn.Ticket!, null, OriginWriteEnd.Refused)).Status);

        Assert.Equal(("old", put.Version), (Text((await entry.Get()).Value), (await entry.Get()).Value!.Version));
        if (!crashes)
            return;
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false });
        entry.Crash();
        Assert.Equal("old", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_end_in_doubt_leaves_a_miss_also_after_a_crash(bool crashes)
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var turn = await entry.BeginWrite();

        Assert.Equal(OriginWriteStatus.Dropped, (await entry.EndWrite(turn.Ticket!, null, OriginWriteEnd.Doubtful)).Status);
        if (crashes)
            entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("next")).Status);
    }

    [Fact]
    public async Task Who_does_not_come_back_leaves_a_miss_and_who_renews_keeps_its_turn()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var turn = await entry.BeginWrite();
        entry.Time.Advance(EntryLimits.LoadLease * 0.9);
        Assert.True(await entry.Renew(turn.Ticket!));
        entry.Time.Advance(EntryLimits.LoadLease * 0.9);
        await entry.Begun();
        Assert.Equal("old", Text((await entry.Get()).Value));

        entry.Time.Advance(EntryLimits.LoadLease);
        await Eventually.TrueAsync(async () => (await entry.Get()).Status == ReadStatus.Miss);

        Assert.False(await entry.Renew(turn.Ticket!));
        Assert.Equal(OriginWriteStatus.Lost, (await entry.EndWrite(turn.Ticket!, "new")).Status);
    }

    [Fact]
    public async Task One_writer_has_the_turn_at_a_time_and_the_next_when_it_ends()
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();
        var first = await entry.BeginWrite(operation);
        Assert.Equal(first.Ticket, (await entry.BeginWrite(operation)).Ticket);
        var second = entry.BeginWrite();
        await entry.Begun();
        Assert.False(second.IsCompleted);

        await entry.EndWrite(first.Ticket!, "1");

        var next = await second;
        Assert.Equal(OriginWriteStatus.Lost, (await entry.EndWrite(first.Ticket!, "late")).Status);
        await entry.EndWrite(next.Ticket!, "2");
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_load_that_runs_beside_the_write_is_kept(bool beganBefore)
    {
        var entry = new EntryHarness();
        var before = beganBefore ? await entry.Lease() : default;
        var turn = await entry.BeginWrite();
        var lease = beganBefore ? before : await entry.Lease();

        Assert.False((await entry.Complete(lease.Ticket!, "of unknown age")).Stored);
        await entry.EndWrite(turn.Ticket!, "new");

        Assert.Equal("new", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_load_that_ends_after_the_write_and_began_before_is_not_kept()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        var lease = await entry.Lease();
        await entry.EndWrite(turn.Ticket!, "new");

        Assert.False((await entry.Complete(lease.Ticket!, "of unknown age")).Stored);
        Assert.Equal("new", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_change_of_others_beside_the_write_leaves_a_miss_as_nobody_knows_which_came_last(bool writes, bool crashes)
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var turn = await entry.BeginWrite();
        await (writes ? entry.Put("other") : entry.Remove());

        Assert.Equal(OriginWriteStatus.Dropped, (await entry.EndWrite(turn.Ticket!, "new")).Status);
        if (crashes)
            entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task An_end_that_is_repeated_changes_nothing_more()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        var operation = Guid.NewGuid();
        var first = await entry.EndWrite(turn.Ticket!, "new", operation: operation);

        var second = await entry.EndWrite(turn.Ticket!, "new", operation: operation);

        Assert.Equal((OriginWriteStatus.Ended, first.Version), (second.Status, second.Version));
        Assert.Equal(first.Version, (await entry.Get()).Value!.Version);
    }

    [Fact]
    public async Task Without_store_or_proof_no_turn_is_given_and_an_end_drops_the_value()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        entry.Store.IsDown = true;
        Assert.Equal(OriginWriteStatus.Unavailable, (await entry.BeginWrite()).Status);
        entry.Store.IsDown = false;
        Assert.Equal("old", Text((await entry.Get()).Value));

        var turn = await entry.BeginWrite();
        entry.Store.IsDown = true;
        var end = await entry.EndWrite(turn.Ticket!, "new");

        Assert.Equal(OriginWriteStatus.Unavailable, end.Status);
        Assert.NotEqual("old", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_repetition_has_no_turn_before_the_store_knows_that_its_value_is_in_doubt()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        entry.Store.Hold();
        var operation = Guid.NewGuid();
        var first = entry.BeginWrite(operation);
        var second = entry.BeginWrite(operation);

        await entry.Begun();
        Assert.False(second.IsCompleted);
        entry.Store.Open();
        var turn = await first;

        Assert.Equal(OriginWriteStatus.Granted, turn.Status);
        Assert.Equal(turn.Ticket, (await second).Ticket);
        Assert.Equal(turn.Ticket, (await entry.BeginWrite(operation)).Ticket);
    }

    [Fact]
    public async Task The_turn_goes_to_the_next_in_line_and_not_to_who_asks_just_then()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var first = await entry.BeginWrite();
        var second = entry.BeginWrite();
        await entry.Begun();

        var third = entry.Turn(async e =>
        {
            await e.EndWriteAsync(new() { Ticket = first.Ticket!, End = OriginWriteEnd.Refused });
            return await e.BeginWriteAsync(new(Guid.NewGuid()));
        });

        var turn = await second.WaitAsync(Eventually.Deadline);
        Assert.Equal(OriginWriteStatus.Granted, turn.Status);
        Assert.False(third.IsCompleted);
        await entry.EndWrite(turn.Ticket!, "2");
        Assert.Equal(OriginWriteStatus.Granted, (await third.WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task A_repetition_of_one_in_line_shares_its_place()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var first = await entry.BeginWrite();
        var operation = Guid.NewGuid();
        Task<OriginWriteReply>[] asked = [entry.BeginWrite(operation), entry.BeginWrite(operation)];
        await entry.Begun();
        await entry.EndWrite(first.Ticket!, "1");

        var turns = await Task.WhenAll(asked).WaitAsync(Eventually.Deadline);

        Assert.Equal((OriginWriteStatus.Granted, turns[0].Ticket), (turns[1].Status, turns[1].Ticket));
        await entry.EndWrite(turns[0].Ticket!, "2");
        Assert.Equal(OriginWriteStatus.Granted, (await entry.BeginWrite().WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task Who_waited_in_vain_leaves_the_line_and_no_turn_comes_to_nobody()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var first = await entry.BeginWrite();
        var second = entry.BeginWrite();
        await entry.Begun();
        entry.Time.Advance(EntryLimits.Slice / 2);
        Assert.True(await entry.Renew(first.Ticket!));
        entry.Time.Advance(EntryLimits.Slice / 2);
        Assert.NotEqual(OriginWriteStatus.Granted, (await second.WaitAsync(Eventually.Deadline)).Status);

        await entry.EndWrite(first.Ticket!, "1");

        Assert.Equal(OriginWriteStatus.Granted, (await entry.BeginWrite().WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task More_than_may_wait_for_a_key_are_refused_at_once()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        var waiting = Enumerable.Range(0, EntryLimits.MaxWaiters).Select(_ => entry.BeginWrite()).ToArray();

        var refused = await entry.BeginWrite().WaitAsync(Eventually.Deadline);

        Assert.Equal(OriginWriteStatus.Unavailable, refused.Status);
        Assert.DoesNotContain(waiting, static task => task.IsCompleted);
        await entry.EndWrite(turn.Ticket!, "1");
        Assert.Equal(OriginWriteStatus.Granted, (await waiting[0].WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task A_flush_that_was_on_its_way_when_the_turn_began_does_not_bring_the_store_the_old_value()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("old");
        entry.Store.LosesReplies = true;
        await Eventually.TrueAsync(() =>
        {
            entry.Time.Advance(EntryLimits.FlushDelay);
            return entry.Stored?.Kind == RecordKind.Value;
        });
        await entry.Begun();
        entry.Store.LosesReplies = false;

        // Both wait for what the store has, the writer before the flush.
        entry.Store.Hold();
        var begun = entry.BeginWrite();
        await entry.Begun();
        entry.Time.Advance(EntryLimits.Slice * 0.9);
        await entry.Begun();
        entry.Store.Open();
        Assert.Equal(OriginWriteStatus.Granted, (await begun.WaitAsync(Eventually.Deadline)).Status);
        await entry.Begun();
        await entry.Begun();
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_write_that_is_repeated_while_the_store_hears_of_a_turn_was_accepted_whatever_the_store_says_to_that()
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();
        var put = await entry.Put("old", operation: operation);
        entry.Store.Hold();
        var turn = entry.BeginWrite();
        var repeated = entry.Put("old", operation: operation, isRepeated: true);
        await entry.Begun();
        entry.Store.IsDown = true;
        entry.Store.Open();

        Assert.Equal(OriginWriteStatus.Unavailable, (await turn).Status);
        Assert.Equal((WriteStatus.Accepted, put.Version), ((await repeated).Status, (await repeated).Version));
    }

    [Fact]
    public async Task What_moves_the_clocks_while_the_store_hears_of_a_turn_stands()
    {
        var entry = new EntryHarness();
        await entry.Put("old", new() { SlidingMilliseconds = 10_000 });
        entry.Store.Hold();
        var turn = entry.BeginWrite();
        await entry.Begun();
        entry.Time.Advance(EntryLimits.Slice * 0.75);
        await entry.Get();
        var moved = (await entry.Explain()).FreshUntil;
        entry.Store.Open();

        Assert.Equal(OriginWriteStatus.Granted, (await turn).Status);
        Assert.Equal((moved, moved), (entry.Clock.Now + 10_000_000, (await entry.Explain()).FreshUntil));
    }
}
