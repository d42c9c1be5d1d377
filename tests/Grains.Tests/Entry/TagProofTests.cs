using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What an entry does while its silo may not know of a raise that others acknowledged.</summary>
public sealed class TagProofTests
{
    private static readonly EntryLifetime Tagged = new() { Tags = ["a"] };

    [Fact]
    public async Task A_strict_tagged_value_is_served_only_while_the_tag_log_is_proven()
    {
        var entry = new EntryHarness();
        await entry.Put("1", Tagged);

        entry.Tags.IsProven = false;
        Assert.Equal(ReadStatus.AskAgain, (await entry.Get()).Status);

        entry.Tags.IsProven = true;
        Assert.Equal(ReadStatus.Hit, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_read_without_proof_asks_the_log_and_goes_by_what_it_hears()
    {
        var entry = new EntryHarness();
        await entry.Put("1", Tagged);
        entry.Tags.IsProven = false;
        entry.Tags.Asked = () =>
        {
            entry.Tags.Raise("a");
            entry.Tags.IsProven = true;
        };

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_region_may_allow_a_tagged_value_that_is_not_proven()
    {
        var entry = new EntryHarness(Strict with { WhenUnproven = WhenUnproven.Stale });
        await entry.Put("1", Tagged);

        entry.Tags.IsProven = false;

        Assert.Equal((ReadStatus.Stale, true), ((await entry.Get()) is var reply ? reply.Status : default, reply.Degraded));
    }

    [Fact]
    public async Task What_has_no_tags_and_what_is_not_strict_needs_no_proof_of_the_log()
    {
        var (plain, eventual) = (new EntryHarness(), new EntryHarness(Declared));
        (plain.Tags.IsProven, eventual.Tags.IsProven) = (false, false);

        Assert.Equal(WriteStatus.Accepted, (await plain.Put("1")).Status);
        Assert.Equal(ReadStatus.Hit, (await plain.Get()).Status);
        Assert.Equal(WriteStatus.Accepted, (await plain.Remove()).Status);
        Assert.Equal(WriteStatus.Accepted, (await eventual.Put("1", Tagged)).Status);
        Assert.Equal(ReadStatus.Hit, (await eventual.Get()).Status);
    }

    [Fact]
    public async Task A_strict_value_with_tags_is_born_only_when_the_log_is_proven()
    {
        var entry = new EntryHarness();
        entry.Tags.IsProven = false;

        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("1", Tagged)).Status);

        entry.Tags.Asked = () =>
        {
            entry.Tags.Raise("a");
            entry.Tags.IsProven = true;
        };
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2", Tagged)).Status);
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_change_is_not_judged_against_a_tagged_value_without_proof()
    {
        var entry = new EntryHarness();
        await entry.Put("1", Tagged);
        entry.Tags.IsProven = false;

        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("2", when: ConditionKind.IfAbsent)).Status);

        entry.Tags.Raise("a");
        entry.Tags.IsProven = true;
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2", when: ConditionKind.IfAbsent)).Status);
    }

    [Fact]
    public async Task A_change_over_a_tagged_value_asks_the_log_and_goes_by_what_it_hears()
    {
        var entry = new EntryHarness();
        await entry.Put("1", Tagged);
        entry.Tags.IsProven = false;
        entry.Tags.Asked = () =>
        {
            entry.Tags.Raise("a");
            entry.Tags.IsProven = true;
        };

        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2", when: ConditionKind.IfAbsent)).Status);
    }

    [Fact]
    public async Task A_change_that_is_not_strict_waits_for_the_fence_and_not_for_the_log()
    {
        var entry = new EntryHarness(Strict with { Coherence = Coherence.Eventual });
        var renewal = new TaskCompletionSource();
        (entry.Tags.IsProven, entry.Ownership.FenceHolds, entry.Ownership.Renewal) = (false, false, renewal.Task);

        var write = entry.Put("1", Tagged);
        await entry.Begun();
        entry.Ownership.FenceHolds = true;
        renewal.SetResult();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_came_without_proof_joins_no_load_that_may_be_older_than_a_raise(bool isProvenAtTheEnd)
    {
        var entry = new EntryHarness(Strict with { Integration = "partner", Method = "country" });
        var first = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);

        entry.Tags.IsProven = false;
        var second = entry.Call();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers >= 2);
        if (isProvenAtTheEnd)
        {
            entry.Tags.Raise("a");
            entry.Tags.IsProven = true;
        }
        await entry.Origin.GiveAsync(0, "1", "a");

        // Whose load it is asked before it began.
        Assert.Equal((ReadStatus.Loaded, "1"), ((await first) is var own ? own.Status : default, Text(own.Value)));
        if (isProvenAtTheEnd)
            await entry.Origin.GiveAsync(1, "2", "a");
        Assert.Equal(isProvenAtTheEnd ? (ReadStatus.Loaded, "2") : (ReadStatus.AskAgain, null), ((await second) is var later ? later.Status : default, Text(later.Value)));
    }

    [Fact]
    public async Task A_stored_value_that_knows_more_of_the_log_than_the_silo_is_judged_when_the_silo_has_learned_it()
    {
        var entry = new EntryHarness();
        entry.Tags.Raise("other");
        await entry.Put("1", Tagged);
        var born = entry.Stored!.Born;
        var moved = new EntryHarness();
        moved.Store.Put(Key, entry.Stored);
        moved.Tags.Asked = () => moved.Tags.Raise("other");

        Assert.Equal(1, born);
        Assert.Equal(ReadStatus.Hit, (await moved.Get()).Status);
    }
}
