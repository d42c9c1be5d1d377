using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Changes of a silo that cannot prove its right to the key, or has lost it.</summary>
public sealed class ChangeProofTests
{
    [Fact]
    public async Task A_write_without_the_fence_is_neither_done_nor_acknowledged()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        (entry.Ownership.FenceHolds, entry.Store.IsReachable) = (false, false);

        var put = await entry.Put("2");
        Assert.Equal((WriteStatus.Unavailable, "its silo cannot prove its right to the key"), (put.Status, put.Detail));
        Assert.Equal(WriteStatus.Unavailable, (await entry.Remove()).Status);
        (entry.Ownership.FenceHolds, entry.Store.IsReachable) = (true, true);

        Assert.Equal("1", Text((await entry.Get()).Value));
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task A_write_waits_for_a_fence_that_a_store_within_reach_will_give()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Ownership.FenceHolds = false;

        Assert.Equal(WriteStatus.AskAgain, (await entry.Put("2")).Status);
        Assert.Equal(ReadStatus.AskAgain, (await entry.Get()).Status);
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task A_write_goes_on_when_the_fence_comes_while_it_waits()
    {
        var entry = new EntryHarness();
        var renewal = new TaskCompletionSource();
        (entry.Ownership.FenceHolds, entry.Ownership.Renewal) = (false, renewal.Task);
        var write = entry.Put("1");
        await entry.Begun();

        entry.Ownership.FenceHolds = true;
        renewal.SetResult();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
    }

    [Fact]
    public async Task Without_the_fence_a_write_behind_is_acknowledged_and_a_removal_is_not()
    {
        var entry = new EntryHarness(LastingBehind);
        entry.Ownership.FenceHolds = false;

        Assert.Equal(WriteStatus.AskAgain, (await entry.Remove()).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("1")).Status);
        Assert.Equal(WriteStatus.AskAgain, (await entry.Remove()).Status);

        Assert.Equal("1", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_write_whose_fence_lapses_on_the_way_is_not_acknowledged()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Hold();
        var write = entry.Put("2");
        await Eventually.TrueAsync(async () => (await entry.Explain()).State == "fresh");

        entry.Ownership.FenceHolds = false;
        entry.Store.Open();

        Assert.Equal(WriteStatus.AskAgain, (await write).Status);
    }

    [Fact]
    public async Task A_write_is_acknowledged_when_a_fence_that_lapsed_on_the_way_comes_back_in_time()
    {
        var entry = new EntryHarness();
        var renewal = new TaskCompletionSource();
        await entry.Get();
        entry.Store.Hold();
        var write = entry.Put("1");
        await entry.Begun();

        (entry.Ownership.FenceHolds, entry.Ownership.Renewal) = (false, renewal.Task);
        entry.Store.Open();
        await Eventually.TrueAsync(() => entry.Store.Writes.Count == 1);
        await entry.Begun();
        entry.Ownership.FenceHolds = true;
        renewal.SetResult();

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
    }

    [Fact]
    public async Task A_higher_epoch_in_the_store_ends_the_activation()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        entry.Store.Put(Key, entry.Stored! with { Epoch = 9 });

        Assert.Equal(WriteStatus.NotOwner, (await entry.Put("2")).Status);
        Assert.Equal(ReadStatus.NotOwner, (await entry.Get()).Status);
        Assert.Equal(1, entry.Leaves);
    }

    [Fact]
    public async Task A_write_that_finds_a_higher_epoch_in_its_first_read_is_told_of_the_owner()
    {
        var entry = new EntryHarness();
        entry.Store.Put(Key, new() { Epoch = 9 });

        Assert.Equal(WriteStatus.NotOwner, (await entry.Put("1")).Status);
    }

    [Fact]
    public async Task Who_was_refused_for_a_newer_owner_brings_the_store_nothing_more()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");
        entry.Store.Put(Key, new() { Epoch = 9 });
        Assert.Equal(WriteStatus.NotOwner, (await entry.Remove()).Status);
        var attempts = entry.Store.Attempts;

        entry.Time.Advance(EntryLimits.FlushDelay);
        await entry.Begun();
        await new EntrySeal(entry.Memory, entry.Ownership).LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        entry.Ownership.IsOwner = false;
        await new EntrySeal(entry.Memory, entry.Ownership).LetGoAsync(Placement.None, TestContext.Current.CancellationToken);
        await entry.Deactivate();

        Assert.Equal(attempts, entry.Store.Attempts);
    }
}
