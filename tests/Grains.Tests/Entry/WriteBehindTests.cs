using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Writes that are acknowledged from memory, and how they reach the store.</summary>
public sealed class WriteBehindTests
{
    [Fact]
    public async Task Behind_acknowledges_from_memory_and_flushes_soon()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Get();
        entry.Store.Hold();

        Assert.Equal(WriteStatus.Accepted, (await entry.Put("1")).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2")).Status);
        entry.Store.Open();
        Assert.Empty(entry.Store.Writes);
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false, Kind: RecordKind.Value });

        entry.Crash();
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task Behind_marks_the_store_once_a_burst_so_that_a_crash_gives_a_miss_and_never_an_older_value()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });

        await entry.Put("2");
        var last = await entry.Put("3");
        Assert.Equal(2, entry.Store.Writes.Count);
        Assert.True(entry.Store.Writes[^1].Dirty);
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.True((await entry.Put("4")).Version > last.Version);
    }

    [Fact]
    public async Task A_failed_flush_is_tried_again()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");
        entry.Store.IsDown = true;
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2")).Status);
        entry.Store.IsDown = false;

        entry.Time.Advance(EntryLimits.LongestStorePause);
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });

        entry.Crash();
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_flush_that_fails_is_tried_less_and_less_often_and_for_ever()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");
        entry.Store.IsDown = true;
        var attempts = entry.Store.Attempts;
        TimeSpan[] pauses = [EntryLimits.FlushDelay, .. Enumerable.Range(0, 70).Select(n => n < 7 ? EntryLimits.FlushDelay * (1 << n) : EntryLimits.LongestStorePause)];

        foreach (var pause in pauses)
        {
            await Eventually.TrueAsync(() => entry.Time.ActiveTimers == 1);
            entry.Time.Advance(pause - TimeSpan.FromTicks(1));
            Assert.Equal(1, entry.Time.ActiveTimers);
            Assert.Equal(attempts, entry.Store.Attempts);
            entry.Time.Advance(TimeSpan.FromTicks(1));
            attempts++;
            await Eventually.TrueAsync(() => entry.Store.Attempts == attempts);
        }

        entry.Store.IsDown = false;
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers == 1);
        entry.Time.Advance(EntryLimits.LongestStorePause);
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });
        await entry.Begun();
        await entry.Put("2");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers == 1);
        entry.Time.Advance(EntryLimits.FlushDelay);
        await Eventually.TrueAsync(() => entry.Stored is { Dirty: false } stored && stored.Bytes.AsSpan().SequenceEqual("2"u8));
    }

    [Fact]
    public async Task Writes_behind_share_one_flush()
    {
        var entry = new EntryHarness(LastingBehind);

        await entry.Put("1");
        await entry.Put("2");

        Assert.Equal(1, entry.Time.ActiveTimers);
    }
}
