using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What a key keeps when its activation is gone, and that its versions go on from there.</summary>
public sealed class NextActivationTests
{
    [Fact]
    public async Task After_a_crash_through_values_come_back_with_what_is_left_of_their_lifetime()
    {
        var entry = new EntryHarness(Declared with { Durability = Durability.Through });
        var call = entry.Call();
        await entry.Origin.GiveAsync(0, "1", "t");
        var before = (await call).Value!;
        entry.Time.Advance(TimeSpan.FromSeconds(10));
        entry.Crash();

        var reply = await entry.Call();

        Assert.Equal((ReadStatus.Hit, "1", 19_999), (reply.Status, Text(reply.Value), reply.FreshMilliseconds));
        Assert.Equal((before.Version, before.LastModified, "t"), (reply.Value!.Version, reply.Value.LastModified, reply.Value.Tags.Single()));
        Assert.Equal(1, entry.Origin.Count);
    }

    [Fact]
    public async Task A_removed_key_stays_removed_and_its_version_never_falls()
    {
        var entry = new EntryHarness();
        await entry.Put("1");
        var removed = await entry.Remove();
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.True((await entry.Put("2")).Version > removed.Version);
    }

    [Fact]
    public void A_version_in_the_store_is_passed_even_when_it_is_ahead_of_the_clock()
    {
        var read = StoreRules.Adopt(default, new() { Kind = RecordKind.Removed, Version = 1_000 }, now: 10);

        Assert.Equal(1_001, VersionRules.Next(read, clusterTime: 10));
    }

    [Fact]
    public async Task The_first_change_of_an_activation_takes_cluster_time_and_later_ones_count_on()
    {
        var entry = new EntryHarness();
        var now = entry.Clock.Now;

        Assert.Equal(now, (await entry.Put("1")).Version);
        entry.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(now + 1, (await entry.Put("2")).Version);
        entry.Crash();
        Assert.Equal(entry.Clock.Now, (await entry.Put("3")).Version);
    }

    [Fact]
    public async Task The_first_change_waits_until_its_version_is_past_for_certain()
    {
        var entry = new EntryHarness();
        entry.Clock.Uncertainty = 5_000;
        var first = entry.Put("1");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 1);
        Assert.False(first.IsCompleted);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);

        entry.Time.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Equal(WriteStatus.Accepted, (await first).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put("2")).Status);
    }

    [Fact]
    public async Task A_first_load_spends_its_commit_wait_while_the_origin_works()
    {
        var entry = new EntryHarness(Declared);
        entry.Clock.Uncertainty = 5_000;
        var began = entry.Clock.Now;
        var call = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Time.Advance(TimeSpan.FromMilliseconds(300));

        await entry.Origin.GiveAsync(0, "1");

        Assert.Equal((true, began), ((await call) is var r && r.Stored, r.Value!.Version));
    }

    [Fact]
    public async Task When_a_region_begins_to_keep_values_the_store_is_read_before_the_next_change()
    {
        var entry = new EntryHarness(LastingBehind with { Durability = Durability.None });
        await entry.Put("1");
        entry.Store.Put(Key, new() { Kind = RecordKind.Value, Epoch = 1, Version = 1L << 60, StaleUntil = long.MaxValue, ExpiresAt = long.MaxValue });

        entry.Policies.Change(Strict);

        Assert.True((await entry.Put("2")).Version > 1L << 60);
    }

    [Fact]
    public async Task None_lives_in_memory_only()
    {
        var entry = new EntryHarness(LastingBehind with { Durability = Durability.None });
        entry.Store.IsDown = true;
        var first = await entry.Put("1");
        Assert.Equal("1", Text((await entry.Get()).Value));
        entry.Crash();

        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.True((await entry.Put("2")).Version > first.Version);
        Assert.Null(entry.Stored);
    }

    [Fact]
    public async Task Without_a_store_an_entry_stays_for_its_lifetime_though_nobody_reads_it()
    {
        var entry = new EntryHarness(new() { Region = "plain", Coherence = Coherence.None, Durability = Durability.None, FreshFor = TimeSpan.FromHours(1), StaleFor = TimeSpan.FromHours(2) });

        await entry.Put("1");
        Assert.InRange(entry.Stays, TimeSpan.FromHours(2.99), TimeSpan.FromHours(3));
        await entry.Remove();
        Assert.Equal(TimeSpan.Zero, entry.Stays);
    }
}
