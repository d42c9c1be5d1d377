using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Turns to write that the silo holds which makes the call.</summary>
public class HeldTurnTests
{
    [Fact]
    public async Task A_turn_is_proved_and_kept_by_who_makes_the_call_and_lost_when_its_time_is_over()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var turn = await entry.BeginWrite();
        for (var third = 0; third < 6; third++)
        {
            Assert.Equal(OriginWriteStatus.Granted, (await entry.HoldWrite(turn.Ticket!)).Status);
            entry.Time.Advance(EntryLimits.LoadLease / 3);
        }

        Assert.Equal("old", Text((await entry.Get()).Value));
        entry.Time.Advance(EntryLimits.LoadLease * 2 / 3);

        Assert.Equal(OriginWriteStatus.Lost, (await entry.HoldWrite(turn.Ticket!)).Status);
        Assert.Equal(OriginWriteStatus.Lost, (await entry.HoldWrite(turn.Ticket! with { Activation = Guid.NewGuid() })).Status);
    }

    [Fact]
    public async Task An_owner_that_was_paused_and_hears_of_the_holder_first_knows_that_the_turn_is_over()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();

        var held = await entry.Turn(e =>
        {
            entry.Time.ShiftWallClock(EntryLimits.LoadLease);       // cluster time moves on, and no timer has fired
            return e.HoldWriteAsync(turn.Ticket!);
        });

        Assert.Equal(OriginWriteStatus.Lost, held.Status);
    }

    [Fact]
    public async Task Who_cannot_prove_that_it_has_the_key_proves_no_turn()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        entry.Ownership.FenceHolds = false;
        Assert.Equal(OriginWriteStatus.AskAgain, (await entry.HoldWrite(turn.Ticket!)).Status);

        entry.Ownership.FenceHolds = true;
        entry.Ownership.View++;
        entry.Ownership.IsOwner = false;
        Assert.Equal(OriginWriteStatus.NotOwner, (await entry.HoldWrite(turn.Ticket!)).Status);
    }

    [Fact]
    public async Task A_later_owner_proves_the_turn_that_it_found_in_the_store()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        entry.Crash();

        Assert.Equal(OriginWriteStatus.Granted, (await entry.HoldWrite(turn.Ticket!)).Status);
    }

    [Fact]
    public async Task If_somebody_may_still_ask_the_origin_the_old_value_goes_at_once_and_nothing_is_kept_until_nobody_holds_the_turn()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var turn = await entry.BeginWrite();

        Assert.Equal(OriginWriteStatus.Dropped, (await entry.EndWrite(turn.Ticket!, null, OriginWriteEnd.Unknown)).Status);

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        for (var third = 0; third < 6; third++)
        {
            Assert.Equal(OriginWriteStatus.Granted, (await entry.HoldWrite(turn.Ticket!)).Status);
            Assert.False((await entry.Complete((await entry.Lease()).Ticket!, "of unknown age")).Stored);
            entry.Time.Advance(EntryLimits.LoadLease / 3);
        }

        await Eventually.TrueAsync(async () =>
        {
            entry.Time.Advance(EntryLimits.LoadLease / 3);
            return (await entry.Complete((await entry.Lease()).Ticket!, "new")).Stored;
        });
        Assert.Equal(OriginWriteStatus.Lost, (await entry.HoldWrite(turn.Ticket!)).Status);
    }
}
