using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>When a change is acknowledged or refused, and what readers have until then.</summary>
public sealed class AcknowledgedChangeTests
{
    [Fact]
    public async Task Through_acknowledges_and_publishes_after_the_store_has_it()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");

        Assert.Equal("1", Text((await entry.Get()).Value));
        Assert.False(write.IsCompleted);
        entry.Store.Open();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
        Assert.Equal("2", Text((await entry.Get()).Value));
        Assert.Equal((await write).Version, entry.Stored!.Version);
    }

    [Fact]
    public async Task A_conditional_write_is_judged_against_the_pending_head_and_fails_with_it()
    {
        var entry = new EntryHarness();
        var old = (await entry.Put("1")).Version;
        entry.Store.Hold();
        var first = entry.Put("2");
        var onHead = entry.Put("3", when: ConditionKind.IfVersion, version: old + 1);
        Assert.Equal("1", Text((await entry.Get()).Value));

        entry.Store.IsDown = true;
        entry.Store.Open();

        Assert.Equal(WriteStatus.Unavailable, (await first).Status);
        Assert.Equal(WriteStatus.Unavailable, (await onHead).Status);
        Assert.Equal("1", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_is_refused_by_a_pending_head_hears_of_it_when_it_is_there(bool headFails)
    {
        var entry = new EntryHarness();
        var old = (await entry.Put("1")).Version;
        entry.Store.Hold();
        var first = entry.Put("2");
        var refused = entry.Put("x", when: ConditionKind.IfVersion, version: old);
        var absent = entry.Put("y", when: ConditionKind.IfAbsent);
        Assert.Equal("1", Text((await entry.Get()).Value));
        Assert.False(refused.IsCompleted || absent.IsCompleted);

        entry.Store.IsDown = headFails;
        entry.Store.Open();

        var expected = headFails ? (WriteStatus.AskAgain, 0) : (WriteStatus.ConditionFailed, old + 1);
        Assert.Equal(expected, ((await refused).Status, (await refused).Version));
        Assert.Equal(expected, ((await absent).Status, (await absent).Version));
        Assert.Equal(headFails ? WriteStatus.Unavailable : WriteStatus.Accepted, (await first).Status);
    }

    [Fact]
    public async Task Neighbouring_writes_share_a_store_write_and_have_versions_of_their_own()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var first = entry.Put("0");
        var rest = Enumerable.Range(1, 9).Select(i => entry.Put($"{i}")).ToArray();
        await Eventually.TrueAsync(async () => (await entry.Explain()).State == "absent");

        entry.Store.Open();
        var versions = (await Task.WhenAll([first, .. rest])).Select(r => r.Version).ToArray();

        Assert.Equal(2, entry.Store.Writes.Count);
        Assert.Equal(10, versions.Distinct().Count());
        Assert.Equal(versions.Max(), entry.Stored!.Version);
        Assert.Equal("9", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_write_without_bytes_is_refused_by_name()
    {
        var entry = new EntryHarness();

        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => entry.Turn(e => e.WriteAsync(default, CancellationToken.None)));

        Assert.Contains("Bytes is null", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_outlasts_its_slice_is_asked_for_again_by_its_operation()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var operation = Guid.NewGuid();
        var write = entry.Put("1", operation: operation);
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(WriteStatus.AskAgain, (await write).Status);

        var again = entry.Put("1", operation: operation);
        entry.Store.Open();

        Assert.Equal(WriteStatus.Accepted, (await again).Status);
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task A_repetition_of_a_queued_write_waits_for_the_same_one()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var operation = Guid.NewGuid();
        Task<WriteReply>[] writes = [entry.Put("1"), entry.Put("2", operation: operation), entry.Put("2", operation: operation)];
        await entry.Begun();

        entry.Store.Open();
        var replies = await Task.WhenAll(writes);

        Assert.Equal(replies[1].Version, replies[2].Version);
        Assert.Equal(replies[0].Version + 1, entry.Stored!.Version);
    }

    [Fact]
    public async Task Removals_are_always_through()
    {
        foreach (var durability in Enum.GetValues<Durability>())
        {
            var entry = new EntryHarness(LastingBehind with { Durability = durability });
            await entry.Put("1");
            entry.Store.IsDown = true;
            Assert.Equal(WriteStatus.Unavailable, (await entry.Remove()).Status);
            Assert.Equal("1", Text((await entry.Get()).Value));
            entry.Store.IsDown = false;

            Assert.Equal(WriteStatus.Accepted, (await entry.Remove()).Status);
            Assert.Equal(RecordKind.Removed, entry.Stored!.Kind);
            entry.Crash();
            Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        }
    }

    [Fact]
    public async Task A_reader_that_comes_while_the_store_gets_a_loads_result_does_not_load_again()
    {
        var entry = new EntryHarness();
        var holder = await entry.Lease();
        entry.Store.Hold();
        var done = entry.Complete(holder.Ticket!, "1");
        var reader = entry.Lease();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 1);

        entry.Store.Open();

        Assert.True((await done).Stored);
        Assert.Equal("1", Text((await reader).Value));
    }

    [Fact]
    public async Task A_condition_on_presence_or_absence_counts_what_may_be_served()
    {
        var entry = new EntryHarness();
        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("1", when: ConditionKind.IfPresent)).Status);
        Assert.Equal((WriteStatus.Accepted, false), ((await entry.Put("1", new() { Tags = ["t"] }, ConditionKind.IfAbsent)) is var r ? r.Status : default, r.Existed));
        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("2", when: ConditionKind.IfAbsent)).Status);
        entry.Tags.Raise("t");
        Assert.Equal(WriteStatus.ConditionFailed, (await entry.Put("2", when: ConditionKind.IfPresent)).Status);

        Assert.Equal((WriteStatus.Accepted, false), ((await entry.Put("2", when: ConditionKind.IfAbsent)) is var again ? again.Status : default, again.Existed));
    }
}
