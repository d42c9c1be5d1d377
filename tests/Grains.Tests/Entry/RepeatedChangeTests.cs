using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>A change whose answer was lost is repeated under its name, to this owner or a later one.</summary>
public class RepeatedChangeTests
{
    [Fact]
    public async Task A_repeated_operation_changes_nothing_more_also_after_a_crash()
    {
        var entry = new EntryHarness();
        var (write, remove, last) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var first = await entry.Put("1", operation: write);
        await entry.Put("2");
        Assert.Equal(first.Version, (await entry.Put("1", operation: write)).Version);
        Assert.Equal("2", Text((await entry.Get()).Value));

        var removed = await entry.Remove(remove);
        entry.Crash();
        var repeated = await entry.Remove(remove);

        Assert.Equal((WriteStatus.Accepted, removed.Version), (repeated.Status, repeated.Version));
        var stored = await entry.Put("3", operation: last);
        entry.Crash();
        Assert.Equal(stored.Version, (await entry.Put("3", operation: last)).Version);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_repeated_write_does_not_undo_a_later_change_whose_owner_crashed(bool later)
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();
        var lost = await entry.Put("A", operation: operation);
        var after = later ? await entry.Put("B") : await entry.Remove();
        entry.Crash();

        var repeated = await entry.Put("A", operation: operation, isRepeated: true);

        Assert.Equal((WriteStatus.Accepted, lost.Version), (repeated.Status, repeated.Version));
        Assert.Equal(later ? "B" : null, Text((await entry.Get()).Value));
        Assert.True((await entry.Put("C")).Version > after.Version);
    }

    [Fact]
    public async Task A_write_that_was_merged_with_its_neighbours_is_known_to_the_next_owner()
    {
        var entry = new EntryHarness();
        await entry.Put("0");
        entry.Store.Hold();
        var (first, second, third) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var writes = new[] { entry.Put("1", operation: first), entry.Put("2", operation: second), entry.Put("3", operation: third) };
        entry.Store.Open();
        var replies = await Task.WhenAll(writes);
        entry.Crash();

        Assert.Equal(replies[0].Version, (await entry.Put("1", operation: first, isRepeated: true)).Version);
        Assert.Equal(replies[1].Version, (await entry.Put("2", operation: second, isRepeated: true)).Version);
        Assert.Equal(replies[2].Version, (await entry.Put("3", operation: third, isRepeated: true)).Version);
        Assert.Equal("3", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Past_what_is_remembered_a_repetition_is_told_that_nobody_knows(bool crashes)
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();
        await entry.Put("A", operation: operation);
        for (var i = 0; i <= OperationRules.MaxKnown; i++)
            await entry.Put("B");
        if (crashes)
            entry.Crash();

        var repeated = await entry.Put("A", operation: operation, isRepeated: true);

        Assert.Equal(WriteStatus.Doubtful, repeated.Status);
        Assert.Equal(WriteStatus.Doubtful, (await entry.Remove(operation, isRepeated: true)).Status);
        Assert.Equal("B", Text((await entry.Get()).Value));
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("C")).Status);
    }

    [Fact]
    public async Task The_last_eight_changes_are_known_however_many_were_before()
    {
        var entry = new EntryHarness();
        await entry.Put("0");
        await entry.Put("0");
        var operation = Guid.NewGuid();
        var lost = await entry.Put("A", operation: operation);
        for (var i = 0; i < OperationRules.MaxKnown; i++)
            await entry.Put("B");
        entry.Crash();

        Assert.Equal(lost.Version, (await entry.Put("A", operation: operation, isRepeated: true)).Version);
    }

    [Fact]
    public async Task What_is_over_a_minute_old_is_neither_stored_nor_doubted()
    {
        var entry = new EntryHarness();
        for (var i = 0; i <= OperationRules.MaxKnown + 1; i++)
            await entry.Put("A");
        Assert.NotEqual(0, entry.Stored!.Past.ForgottenAt);
        entry.Time.Advance(OperationLimits.Remembered);
        await entry.Put("B");

        Assert.Empty(entry.Stored!.Past.Known);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("C", operation: Guid.NewGuid(), isRepeated: true)).Status);
    }

    [Fact]
    public async Task After_changes_that_a_crash_took_a_repetition_is_told_that_nobody_knows()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("0");
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false, Kind: RecordKind.Value });
        var operation = Guid.NewGuid();
        await entry.Put("A", operation: operation);
        await entry.Put("B");
        Assert.True(entry.Stored!.Dirty);
        entry.Crash();

        Assert.Equal(WriteStatus.Doubtful, (await entry.Put("A", operation: operation, isRepeated: true)).Status);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_flush_tells_the_next_owner_which_changes_it_carries()
    {
        var entry = new EntryHarness(Behind);
        var operation = Guid.NewGuid();
        var lost = await entry.Put("A", operation: operation);
        await entry.Put("B");
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false, Kind: RecordKind.Value });
        entry.Crash();

        Assert.Equal(lost.Version, (await entry.Put("A", operation: operation, isRepeated: true)).Version);
        Assert.Equal("B", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_value_whose_lifetime_is_over_still_tells_who_wrote_it()
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();
        var lost = await entry.Put("A", new() { FreshMilliseconds = 10 }, operation: operation);
        entry.Time.Advance(TimeSpan.FromSeconds(1));
        entry.Crash();

        Assert.Equal(lost.Version, (await entry.Put("A", operation: operation, isRepeated: true)).Version);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }
}
