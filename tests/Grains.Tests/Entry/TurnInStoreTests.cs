using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What happens to a key while the store hears of a turn to write.</summary>
public sealed class TurnInStoreTests
{
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
