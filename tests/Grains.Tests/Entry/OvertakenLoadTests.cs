using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What a load gives to those who came after a change or a raise that it does not know.</summary>
public sealed class OvertakenLoadTests
{
    private static OriginResult Absent => new() { Kind = OriginResultKind.Absent, Bytes = [1], Tags = ["t"] };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_asks_after_a_raise_is_not_told_of_an_absence_that_was_loaded_before_it(bool strict)
    {
        var entry = new EntryHarness(strict ? Declared with { Coherence = Coherence.Strict, Durability = Durability.Through } : Declared);
        var before = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);

        entry.Tags.Raise("t");
        var after = entry.Call();
        await entry.Begun();
        await entry.Origin.EndAsync(0, Absent);
        await before;
        await Eventually.TrueAsync(() => entry.Origin.Count == 2 || after.IsCompleted);
        if (entry.Origin.Count == 2)
            await entry.Origin.GiveAsync(1, "new", "t");

        Assert.Equal("new", Text((await after).Value));
    }

    [Fact]
    public async Task Who_gets_or_creates_after_a_raise_is_not_told_of_an_absence_that_was_loaded_before_it()
    {
        var entry = new EntryHarness();
        var ticket = (await entry.Lease()).Ticket!;
        entry.Tags.Raise("t");
        var after = entry.Lease();
        await entry.Begun();
        await entry.Turn(e => e.CompleteAsync(new() { Ticket = ticket, Kind = LoadResultKind.Absent, Lifetime = new() { Tags = ["t"] }, OperationId = Guid.NewGuid() }, CancellationToken.None));

        Assert.Equal(ReadStatus.Lease, (await after).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_absence_from_before_a_write_is_not_told_as_decided_after_it(bool strict)
    {
        var entry = new EntryHarness(strict ? Declared with { Coherence = Coherence.Strict, Durability = Durability.Through } : Declared);
        var before = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("new")).Status);
        entry.Time.Advance(TimeSpan.FromMilliseconds(100));

        await entry.Origin.EndAsync(0, Absent);

        var told = await before;
        Assert.Equal((ReadStatus.Failed, 0), (told.Status, told.DecidedAfterMilliseconds));
    }

    [Fact]
    public async Task A_completion_that_is_repeated_after_a_write_is_told_its_own_version()
    {
        var entry = new EntryHarness();
        var ticket = (await entry.Lease()).Ticket!;
        var operation = Guid.NewGuid();
        Task<LoadReply> CompleteAsync() => entry.Turn(e => e.CompleteAsync(new() { Ticket = ticket, Kind = LoadResultKind.Value, Bytes = "1"u8.ToArray(), OperationId = operation }, CancellationToken.None));
        var first = await CompleteAsync();
        await entry.Put("2");

        var again = await CompleteAsync();

        Assert.Equal((true, first.Value!.Version), (again.Stored, again.Value!.Version));
    }

    [Fact]
    public async Task A_strict_load_without_proof_of_its_results_tags_is_not_told_as_knowing_of_raises_until_its_end()
    {
        var entry = new EntryHarness(Declared with { Coherence = Coherence.Strict, Durability = Durability.Through });
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Time.Advance(TimeSpan.FromMilliseconds(20));
        entry.Tags.IsProven = false;        // from here on a raise elsewhere waits for this silo no more
        entry.Time.Advance(TimeSpan.FromMilliseconds(80));

        await entry.Origin.GiveAsync(0, "old", "t");

        var told = await call;
        Assert.Equal((ReadStatus.Loaded, 0), (told.Status, told.DecidedAfterMilliseconds));
    }
}
