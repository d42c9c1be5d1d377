using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Changes that a source sends in an order of its own: late and repeated ones change nothing.</summary>
public class SourceEventTests
{
    private const string Orders = "orders";

    [Theory]
    [InlineData(Durability.Through, false)]
    [InlineData(Durability.Through, true)]
    [InlineData(Durability.Behind, false)]
    [InlineData(Durability.Behind, true)]
    public async Task Late_and_repeated_events_change_nothing_also_after_a_crash(Durability durability, bool crashes)
    {
        var entry = new EntryHarness(durability == Durability.Through ? Strict : Behind);
        var second = await Event(entry, 2, "paid");
        if (crashes)
            entry.Crash();

        var late = await Event(entry, 1, "new");
        var repeated = await Event(entry, 2, "paid again");
        var lateRemoval = await Removal(entry, 1);

        Assert.All([late, repeated, lateRemoval], reply => Assert.Equal((WriteStatus.ConditionFailed, second.Version), (reply.Status, reply.Version)));
        var read = await entry.Get();
        Assert.Equal(("paid", second.Version), (Text(read.Value), read.Value!.Version));
        Assert.Equal(WriteStatus.Accepted, (await Event(entry, 3, "shipped")).Status);
        Assert.Equal("shipped", Text((await entry.Get()).Value));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_late_event_does_not_bring_back_what_an_event_removed_also_where_nothing_was(bool existed, bool crashes)
    {
        var entry = new EntryHarness();
        if (existed)
            await Event(entry, 1, "new");
        var removed = await Removal(entry, 5);
        if (crashes)
            entry.Crash();

        var late = await Event(entry, 4, "paid");

        Assert.Equal((WriteStatus.Accepted, existed), (removed.Status, removed.Existed));
        Assert.Equal(WriteStatus.ConditionFailed, late.Status);
        Assert.Null((await entry.Get()).Value);
        Assert.Equal(WriteStatus.Accepted, (await Event(entry, 6, "back")).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_heard_stays_through_writes_removals_and_loads_of_others(bool crashes)
    {
        var entry = new EntryHarness(Declared);
        await Event(entry, 7, "event");
        await entry.Put("write");
        await entry.Remove();
        var call = entry.Call();
        await entry.Origin.GiveAsync(0, "load");
        await call;
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored?.LastRetrieved > 0);
        if (crashes)
            entry.Crash();

        Assert.Equal(WriteStatus.ConditionFailed, (await Event(entry, 7, "late")).Status);
        Assert.Equal("load", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task What_was_heard_is_kept_a_day_longer_than_value_and_removal()
    {
        var entry = new EntryHarness(Strict with { FreshFor = TimeSpan.FromMinutes(1) });
        await Event(entry, 7, "event");
        var written = entry.Stored!;
        entry.Time.Advance(TimeSpan.FromMinutes(2));
        entry.Crash();

        Assert.Null((await entry.Get()).Value);
        Assert.Equal(written.StaleUntil + TimeSpan.FromDays(1).TotalMicroseconds, written.ExpiresAt);
        Assert.Equal(WriteStatus.ConditionFailed, (await Event(entry, 6, "late")).Status);
        var before = entry.Clock.Now;
        await Removal(entry, 8);
        Assert.InRange(entry.Stored!.ExpiresAt - before, (long)TimeSpan.FromHours(25).TotalMicroseconds, (long)TimeSpan.FromHours(26).TotalMicroseconds);
    }

    [Fact]
    public async Task An_event_is_judged_against_those_that_are_still_on_their_way_to_the_store()
    {
        var entry = new EntryHarness();
        await entry.Put("0");
        entry.Store.Hold();
        var second = Event(entry, 2, "two");
        var first = Event(entry, 1, "one");
        var removal = Removal(entry, 3);
        var last = Event(entry, 3, "three");
        await entry.Begun();
        entry.Store.Open();

        Assert.Equal(WriteStatus.Accepted, (await second).Status);
        Assert.Equal(WriteStatus.ConditionFailed, (await first).Status);
        Assert.Equal(WriteStatus.Accepted, (await removal).Status);
        Assert.Equal(WriteStatus.ConditionFailed, (await last).Status);
        Assert.Null((await entry.Get()).Value);
    }

    [Fact]
    public async Task A_write_on_top_of_an_event_that_is_on_its_way_does_not_forget_it()
    {
        var entry = new EntryHarness();
        await entry.Put("0");
        entry.Store.Hold();
        Task<WriteReply>[] changes = [entry.Put("1"), Event(entry, 5, "event"), entry.Put("write")];
        await entry.Begun();
        entry.Store.Open();
        await Task.WhenAll(changes);

        Assert.Equal(WriteStatus.ConditionFailed, (await Event(entry, 5, "late")).Status);
        Assert.Equal(5, entry.Stored!.SourceSequence);
    }

    [Fact]
    public async Task An_event_that_the_store_did_not_take_was_not_heard()
    {
        var entry = new EntryHarness();
        await Event(entry, 1, "one");
        entry.Store.IsDown = true;
        Assert.Equal(WriteStatus.Unavailable, (await Event(entry, 2, "two")).Status);
        entry.Store.IsDown = false;
        entry.Time.Advance(EntryLimits.StorePatience);

        Assert.Equal("one", Text((await entry.Get()).Value));
        Assert.Equal(WriteStatus.Accepted, (await Event(entry, 2, "two")).Status);
    }

    [Fact]
    public async Task In_a_region_that_is_written_behind_the_store_has_an_event_when_it_is_acknowledged()
    {
        var entry = new EntryHarness(Behind);
        await entry.Put("0");
        await Event(entry, 1, "one");
        entry.Crash();
        Assert.Equal("one", Text((await entry.Get()).Value));

        entry.Ownership.FenceHolds = false;
        var unproven = Event(entry, 2, "two");
        await Eventually.TrueAsync(() => entry.Time.ActiveTimers > 0);
        entry.Time.Advance(EntryLimits.Slice);

        Assert.NotEqual(WriteStatus.Accepted, (await unproven).Status);
    }

    [Fact]
    public async Task An_event_stands_after_a_load_that_began_before_it()
    {
        var entry = new EntryHarness();
        var lease = await entry.Lease();
        await Event(entry, 1, "event");

        Assert.False((await entry.Complete(lease.Ticket!, "older")).Stored);
        Assert.Equal("event", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task Another_source_counts_anew()
    {
        var entry = new EntryHarness();
        await Event(entry, 9, "orders");

        var other = await entry.Put("billing", when: ConditionKind.IfNewerSource, version: 1, source: "billing");

        Assert.Equal(WriteStatus.Accepted, other.Status);
        Assert.Equal("billing", Text((await entry.Get()).Value));
    }

    private static Task<WriteReply> Event(EntryHarness entry, long sequence, string value) =>
        entry.Put(value, when: ConditionKind.IfNewerSource, version: sequence, source: Orders);

    private static Task<WriteReply> Removal(EntryHarness entry, long sequence) =>
        entry.Remove(when: ConditionKind.IfNewerSource, version: sequence, source: Orders);
}
