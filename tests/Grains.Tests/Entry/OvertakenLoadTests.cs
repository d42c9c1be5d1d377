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

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("the view changed", false)]
    [InlineData("the fence lapsed", false)]
    [InlineData("a tag was raised", false)]
    [InlineData("nobody tells of raises", false)]
    [InlineData("a write", false)]
    [InlineData("the store refuses", false)]
    public async Task A_completion_is_told_as_current_unless_something_may_have_overtaken_its_load(string what, bool isCurrent)
    {
        foreach (var kind in new[] { LoadResultKind.Value, LoadResultKind.Absent, LoadResultKind.DoNotStore, LoadResultKind.Failed })
        {
            // Without a value or an absence to keep the store is not asked, and what failed has no tags.
            if (what is "the store refuses" && kind is not LoadResultKind.Value || what.Contains(" tag ", StringComparison.Ordinal) && kind is LoadResultKind.Failed || what is "nobody tells of raises" or "the fence lapsed" && kind is LoadResultKind.Failed)
                continue;
            var entry = new EntryHarness();
            var ticket = (await entry.Lease()).Ticket!;
            await HappenAsync(entry, what);
            var completion = new LoadCompletion
            {
                Ticket = ticket, Kind = kind, Bytes = "1"u8.ToArray(), OperationId = Guid.NewGuid(),
                Lifetime = kind is LoadResultKind.Failed ? null : new() { Tags = ["t"] }, Problem = kind is LoadResultKind.Failed ? FakeOrigin.Down.Problem : null,
            };

            var reply = await entry.Turn(e => e.CompleteAsync(completion, CancellationToken.None));

            Assert.True(isCurrent == reply.IsCurrent, $"{what}, {kind}: {reply.Detail}");
        }
    }

    [Fact]
    public async Task Who_came_before_a_load_began_has_its_result_though_both_know_the_log_by_now_to_another_number()
    {
        var entry = new EntryHarness();
        var first = (await entry.Lease()).Ticket!;
        entry.Tags.Raise("t");
        var waits = new[] { entry.Lease(), entry.Lease() };     // by number 1
        await entry.Begun();
        entry.Tags.Raise("t");
        await CompleteAsync(first);                             // of number 0: for neither of them
        await Eventually.TrueAsync(() => waits.Any(static wait => wait.IsCompleted));
        var second = (await await Task.WhenAny(waits)).Ticket!; // of number 2
        entry.Tags.Raise("t");

        await CompleteAsync(second);

        Assert.Single(await Task.WhenAll(waits), static reply => reply.Status == ReadStatus.Joined);

        Task<LoadReply> CompleteAsync(LoadTicket ticket) => entry.Turn(e => e.CompleteAsync(
            new() { Ticket = ticket, Kind = LoadResultKind.Value, Bytes = "1"u8.ToArray(), Lifetime = new() { Tags = ["t"] }, OperationId = Guid.NewGuid() }, CancellationToken.None));
    }

    [Fact]
    public async Task A_load_that_ends_where_the_key_is_no_more_hands_out_nothing_of_it()
    {
        var entry = new EntryHarness(Ttl);
        await entry.Put("old");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Ownership.IsOwner = false;
        entry.Ownership.View++;

        await entry.Origin.EndAsync(0, FakeOrigin.Down);

        Assert.Equal((ReadStatus.NotOwner, null), (await call is var reply ? (reply.Status, reply.Value) : default));
    }

    private static async Task HappenAsync(EntryHarness entry, string what)
    {
        switch (what)
        {
            case "the view changed":
                entry.Ownership.IsHeldUp = true;
                entry.Ownership.View++;
                break;
            case "the fence lapsed":
                entry.Ownership.FenceHolds = false;
                break;
            case "a tag was raised":
                entry.Tags.Raise("t");
                break;
            case "nobody tells of raises":
                entry.Tags.IsProven = false;
                break;
            case "a write":
                await entry.Put("new");
                break;
            case "the store refuses":
                entry.Store.Put(EntryHarness.Key, new() { Epoch = 99 });
                break;
            default:
                break;
        }
    }
}
