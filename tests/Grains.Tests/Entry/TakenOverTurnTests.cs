using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Turns to write whose owner or writer is gone.</summary>
public sealed class TakenOverTurnTests
{
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
}
