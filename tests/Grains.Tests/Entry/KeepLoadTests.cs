using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Rules 3, 6 and 7: what of a load's result is kept.</summary>
public sealed class KeepLoadTests
{
    [Fact]
    public async Task A_put_during_a_load_stands_after_it()
    {
        var entry = new EntryHarness(Declared);
        var before = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);

        var put = await entry.Put("written");
        await entry.Origin.GiveAsync(0, "loaded");
        var reply = await before;

        Assert.Equal(("loaded", false, 0), (Text(reply.Value), reply.Stored, reply.Value!.Version));
        Assert.Equal(("written", put.Version), ((await entry.Get()) is var r ? Text(r.Value) : "", r.Value!.Version));
    }

    [Fact]
    public async Task A_delete_during_a_load_leaves_nothing_and_a_later_reader_loads_anew()
    {
        var entry = new EntryHarness(Declared);
        var before = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);

        Assert.Equal(WriteStatus.Accepted, (await entry.Remove()).Status);
        var after = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 2);
        await entry.Origin.GiveAsync(0, "old");

        Assert.Equal(("old", false), ((await before) is var b ? Text(b.Value) : "", b.Stored));
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        await entry.Origin.GiveAsync(1, "new");
        Assert.Equal(("new", true), ((await after) is var a ? Text(a.Value) : "", a.Stored));
    }

    [Fact]
    public async Task A_load_that_began_while_a_write_was_on_its_way_does_not_stand_after_it()
    {
        var entry = new EntryHarness(Declared with { Durability = Durability.Through });
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        entry.Store.Hold();
        var put = entry.Put("written");
        var load = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);

        entry.Store.Open();
        Assert.Equal(WriteStatus.Accepted, (await put).Status);
        await entry.Origin.GiveAsync(0, "loaded");
        await load;

        Assert.Equal("written", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_load_that_ends_while_a_write_is_on_its_way_is_not_stored_after_it()
    {
        var entry = new EntryHarness(Declared with { Durability = Durability.Through });
        var load = entry.Call();
        await Eventually.TrueAsync(() => entry.Origin.Count == 1);
        entry.Store.Hold();
        var put = entry.Put("written");

        await entry.Origin.GiveAsync(0, "loaded");
        Assert.Equal(("loaded", false), ((await load) is var r ? Text(r.Value) : "", r.Stored));
        entry.Store.Open();
        await put;

        Assert.Equal("written", Text((await entry.Get()).Value));
        Assert.Single(entry.Store.Writes);
    }

    [Fact]
    public async Task A_load_older_than_a_write_whose_end_was_unknown_does_not_stand_after_it()
    {
        var entry = new EntryHarness();
        var lease = await entry.Lease();
        entry.Store.LosesReplies = true;
        await entry.Put("written");
        entry.Store.LosesReplies = false;

        var done = await entry.Complete(lease.Ticket!, "loaded");

        Assert.Equal((false, "changed"), (done.Stored, done.Detail));
        Assert.Equal("written", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_removal_of_nothing_still_fences_the_load_in_flight()
    {
        var entry = new EntryHarness();
        var lease = await entry.Lease();

        await entry.Remove();

        Assert.Equal("changed", (await entry.Complete(lease.Ticket!, "loaded")).Detail);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_leased_result_after_a_change_is_not_stored()
    {
        var entry = new EntryHarness();
        var lease = await entry.Lease();

        await entry.Put("written");
        var done = await entry.Complete(lease.Ticket!, "loaded");

        Assert.Equal((false, "changed"), (done.Stored, done.Detail));
        Assert.Equal("written", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task A_result_whose_tag_was_raised_since_its_load_began_is_not_stored()
    {
        var entry = new EntryHarness();
        var lease = await entry.Lease();
        var before = entry.Read(LoadMode.Leased);

        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        entry.Tags.Raise("country:NL");
        var after = entry.Read(LoadMode.Leased);
        var done = await entry.Complete(lease.Ticket!, "1", new() { Tags = ["country:NL"] });

        Assert.Equal((false, "tag-raised"), (done.Stored, done.Detail));
        Assert.Equal((ReadStatus.Joined, "1", false), ((await before) is var b ? b.Status : default, Text(b.Value), b.Stored));
        Assert.Equal(ReadStatus.Lease, (await after).Status);
    }

    [Fact]
    public async Task A_strict_result_is_not_stored_when_the_fence_has_lapsed()
    {
        var entry = new EntryHarness();
        var lease = await entry.Lease();

        entry.Ownership.FenceHolds = false;
        var done = await entry.Complete(lease.Ticket!, "1");
        entry.Ownership.FenceHolds = true;

        Assert.Equal((false, "unproven"), (done.Stored, done.Detail));
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task An_equal_result_moves_the_clocks_and_not_the_version()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.GiveAsync(0, """{ "a": 1.0, "b": [1, 2] }""");
        var old = (await first).Value!;

        entry.Time.Advance(TimeSpan.FromSeconds(31));
        await entry.Call();
        await entry.Origin.GiveAsync(1, """{"b":[1,2],"a":1}""");
        await Eventually.TrueAsync(async () => (await entry.Get()).Status == ReadStatus.Hit);

        var value = (await entry.Get()).Value!;
        Assert.Equal((old.Version, old.LastModified), (value.Version, value.LastModified));
        Assert.True(value.LastRetrieved > old.LastRetrieved);
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored!.LastRetrieved == value.LastRetrieved && entry.Stored.Version == value.Version);
    }

    [Fact]
    public async Task Another_order_in_an_array_is_another_value()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.GiveAsync(0, "[1,2]");
        var old = (await first).Value!;

        entry.Time.Advance(TimeSpan.FromSeconds(31));
        await entry.Call();
        await entry.Origin.GiveAsync(1, "[2,1]");
        await Eventually.TrueAsync(async () => (await entry.Get()).Status == ReadStatus.Hit);

        Assert.True((await entry.Get()).Value!.Version > old.Version);
    }

    [Fact]
    public async Task An_equal_value_with_other_tags_has_them_in_the_store_before_it_is_read()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.GiveAsync(0, "1", "a");
        await first;
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });

        entry.Time.Advance(TimeSpan.FromSeconds(31));
        await entry.Call();
        await entry.Origin.GiveAsync(1, "1", "b");
        await Eventually.TrueAsync(async () => (await entry.Get()).Status == ReadStatus.Hit);

        Assert.Equal("b", entry.Stored!.Tags.Single());
    }

    [Fact]
    public async Task Not_modified_keeps_the_value_and_asks_with_its_validators()
    {
        var entry = new EntryHarness(Declared);
        var first = entry.Call();
        await entry.Origin.EndAsync(0, new OriginResult { Kind = OriginResultKind.Value, Bytes = [1], ETag = "\"x\"", Tags = ["t"] });
        var old = (await first).Value!;

        entry.Time.Advance(TimeSpan.FromSeconds(31));
        await entry.Call();
        var call = await entry.Origin.EndAsync(1, new OriginResult { Kind = OriginResultKind.NotModified });
        await Eventually.TrueAsync(async () => (await entry.Get()).Status == ReadStatus.Hit);

        Assert.Equal("\"x\"", call.ETag);
        var value = (await entry.Get()).Value!;
        Assert.Equal((old.Version, "t"), (value.Version, value.Tags.Single()));
        entry.Tags.Raise("t");
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task A_failed_refresh_keeps_the_stale_value_and_backs_off()
    {
        var entry = new EntryHarness(Declared);
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        await entry.Call();
        await entry.Origin.EndAsync(0, FakeOrigin.Down);
        await Eventually.TrueAsync(async () => (await entry.Get()).Problem is not null);

        var stale = await entry.Call();
        Assert.Equal((ReadStatus.Stale, "origin-503"), (stale.Status, stale.Problem!.Detail));
        Assert.Equal(1, entry.Origin.Count);

        entry.Time.Advance(LoadRules.FirstBackoff);
        await entry.Call();
        await entry.Origin.GiveAsync(1, "2");
        await Eventually.TrueAsync(async () => (await entry.Get()) is { Status: ReadStatus.Hit, Problem: null });
    }

    [Theory]
    [InlineData(1, 0, 1_000)]
    [InlineData(1, 0.5, 750)]
    [InlineData(3, 0, 4_000)]
    [InlineData(40, 0, 15_000)]
    public void Backing_off_doubles_is_bounded_and_has_jitter(int failures, double draw, long milliseconds) =>
        Assert.Equal(milliseconds * 1000, LoadRules.NextTry(failures, new(), 0, draw));

    [Fact]
    public void Backing_off_heeds_what_the_origin_says() =>
        Assert.Equal(90_000_000, LoadRules.NextTry(1, new() { RetryAfterMilliseconds = 90_000 }, 0, 0));

    [Fact]
    public async Task Absence_is_passed_on_uncached_and_takes_the_old_value_with_it()
    {
        var entry = new EntryHarness(Ttl);
        await entry.Put("1");
        entry.Time.Advance(TimeSpan.FromSeconds(31));
        var read = entry.Call();
        await entry.Origin.EndAsync(0, new OriginResult { Kind = OriginResultKind.Absent, Bytes = [7], Problem = new() { StatusCode = 404, Body = [7] } });

        var reply = await read;

        Assert.Equal((ReadStatus.Failed, ProblemKind.NotFound), (reply.Status, reply.Problem!.Kind));
        Assert.Equal([7], reply.Problem.Body!);
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
        Assert.Equal(RecordKind.Removed, entry.Stored!.Kind);
    }

    [Fact]
    public async Task Absence_is_cached_as_long_as_the_region_says()
    {
        var entry = new EntryHarness(Declared with { AbsentFor = TimeSpan.FromSeconds(5) });
        var first = entry.Call();
        await entry.Origin.EndAsync(0, new OriginResult { Kind = OriginResultKind.Absent });
        Assert.True((await first).Value!.IsAbsent);

        Assert.Equal((ReadStatus.Hit, true), ((await entry.Get()) is var r ? r.Status : default, r.Value!.IsAbsent));
        entry.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(ReadStatus.Miss, (await entry.Get()).Status);
    }

    [Fact]
    public async Task An_empty_value_is_a_value()
    {
        var entry = new EntryHarness();
        await entry.Put("");

        Assert.Equal((ReadStatus.Hit, 0), ((await entry.Get()) is var r ? r.Status : default, r.Value!.Bytes.Length));
    }

    [Fact]
    public async Task A_value_over_the_limit_is_refused_written_or_loaded()
    {
        var entry = new EntryHarness(Declared);
        var call = entry.Call();
        await entry.Origin.EndAsync(0, new OriginResult { Kind = OriginResultKind.Value, Bytes = new byte[LoadRules.MaxValueBytes + 1] });
        Assert.Equal(ProblemKind.TooLarge, (await call).Problem!.Kind);

        Assert.Equal(WriteStatus.TooLarge, (await entry.Put(new string('x', LoadRules.MaxValueBytes + 1))).Status);
        Assert.Equal(WriteStatus.Accepted, (await entry.Put(new string('x', LoadRules.MaxValueBytes))).Status);
    }

    [Fact]
    public void Jitter_shortens_fresh_time()
    {
        var policy = Declared with { Jitter = 0.5 };

        Assert.Equal(30_000_000, EntryLifetimes.Of(null, policy, 0, draw: 0).FreshUntil);
        Assert.Equal(22_500_000, EntryLifetimes.Of(null, policy, 0, draw: 0.5).FreshUntil);
        Assert.Equal(22_500_000 + 3_600_000_000, EntryLifetimes.Of(null, policy, 0, draw: 0.5).StaleUntil);
    }
}
