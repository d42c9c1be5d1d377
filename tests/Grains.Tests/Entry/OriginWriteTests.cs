using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Writes that go to the origin first: how they end, and what readers have meanwhile.</summary>
public sealed class OriginWriteTests
{
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
}
