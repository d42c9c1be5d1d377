namespace OrleansCache.Tests;

public sealed class StoreRulesTests
{
    private static readonly RegionPolicy Behind = new() { Region = "plain", Durability = Durability.Behind };

    [Theory]
    [InlineData(StoreKnowledge.Unread, StoreJobKind.Mark)]
    [InlineData(StoreKnowledge.Clean, StoreJobKind.Mark)]
    [InlineData(StoreKnowledge.Dirty, StoreJobKind.Nothing)]
    [InlineData(StoreKnowledge.Nothing, StoreJobKind.Nothing)]
    internal void A_write_behind_marks_a_stored_value_that_a_restart_would_serve_and_one_that_may_be_there(StoreKnowledge stored, StoreJobKind kind) =>
        Assert.Equal(kind, Next(stored, load: 0));

    [Theory]
    [InlineData(StoreKnowledge.Unread, StoreJobKind.Nothing)]
    [InlineData(StoreKnowledge.Clean, StoreJobKind.Value)]
    internal void A_loaded_value_replaces_a_stored_one_and_waits_where_the_store_is_unknown(StoreKnowledge stored, StoreJobKind kind) =>
        Assert.Equal(kind, Next(stored, load: 1));

    [Theory]
    [InlineData(false, StoreJobKind.Nothing)]
    [InlineData(true, StoreJobKind.Removal)]
    internal void In_a_region_without_a_store_a_batch_with_a_removal_reaches_the_store_as_one(bool removes, StoreJobKind kind)
    {
        var first = new PendingChange { Content = removes ? null : Content(6), Version = 6 };
        var state = new EntryState { Stored = StoreKnowledge.Nothing }.With(new() { Queued = [first, new() { Content = Content(7), Version = 7 }] });

        Assert.Equal(kind, StoreRules.Next(state, Behind with { Durability = Durability.None }, epoch: 1, flush: false, now: 1).Job!.Kind);
    }

    [Fact]
    public void There_is_one_store_operation_at_a_time()
    {
        var state = new EntryState().With(new() { Job = new(), Queued = [new() { Content = Content(7), Version = 7 }] });

        Assert.Null(StoreRules.Next(state, Behind, epoch: 1, flush: false, now: 1).Job);
    }

    [Fact]
    public void A_flush_brings_the_store_what_only_memory_has_and_nothing_else()
    {
        var state = new EntryState { Content = Content(7), Stored = StoreKnowledge.Dirty, Unflushed = true };

        Assert.Equal(StoreJobKind.Flush, Flush(state)?.Kind);
        Assert.Null(Flush(state with { Unflushed = false }));
        Assert.Null(Flush(state with { Content = null }));
        Assert.Null(Flush(state with { Stored = StoreKnowledge.Unread }));
        Assert.Null(StoreRules.Next(state, Behind with { Durability = Durability.None }, epoch: 1, flush: true, now: 1).Job);
    }

    [Theory]
    [InlineData(StoreJobKind.Mark, Durability.Behind, true)]
    [InlineData(StoreJobKind.Nothing, Durability.Behind, true)]
    [InlineData(StoreJobKind.Nothing, Durability.None, false)]
    [InlineData(StoreJobKind.Value, Durability.Behind, false)]
    internal void What_the_store_did_not_get_is_flushed_later_in_a_region_behind(StoreJobKind kind, Durability durability, bool unflushed) =>
        Assert.Equal(unflushed, StoreRules.Done(Writing(kind, load: 0), durability).Unflushed);

    [Fact]
    public void After_a_removal_there_is_nothing_to_flush() =>
        Assert.False(StoreRules.Done(new EntryState().With(new() { Job = new() { Kind = StoreJobKind.Mark, Batch = [new()] } }), Durability.Behind).Unflushed);

    [Theory]
    [InlineData(0, 4)]
    [InlineData(2, 3)]
    public void A_written_value_fences_the_load_in_flight_and_a_loaded_one_does_not(int load, int changes)
    {
        var done = StoreRules.Done(Writing(StoreJobKind.Value, load), Durability.Through);

        Assert.Equal((changes, load == 0 ? null : 5), (done.Changes, done.Work?.Load?.Number));
    }

    [Fact]
    public void A_write_whose_end_was_unknown_may_arrive_until_a_newer_one_is_in_the_store()
    {
        var writing = Writing(StoreJobKind.Value, load: 0);
        var unknown = StoreRules.Failed(writing, maybeApplied: true).State;
        var memory = unknown with { Work = writing.Work! with { Job = writing.Work.Job! with { Record = null } } };

        Assert.Equal((StoreKnowledge.Unread, true), (unknown.Stored, unknown.MayArrive));
        Assert.False(StoreRules.Failed(writing, maybeApplied: false).State.MayArrive);
        Assert.False(StoreRules.Failed(memory with { MayArrive = false }, maybeApplied: true).State.MayArrive);
        Assert.True(StoreRules.Failed(writing with { MayArrive = true }, maybeApplied: false).State.MayArrive);
        Assert.True(StoreRules.Done(memory, Durability.Behind).MayArrive);
        Assert.False(StoreRules.Done(memory with { MayArrive = false }, Durability.Behind).MayArrive);
        Assert.False(StoreRules.Done(writing with { MayArrive = true }, Durability.Through).MayArrive);
        Assert.False(StoreRules.Done(writing, Durability.Through).MayArrive);
        Assert.False(StoreRules.Done(Flushing with { MayArrive = true }, Durability.Behind).MayArrive);
    }

    [Fact]
    public void What_was_judged_against_a_failed_write_fails_with_it_and_a_load_among_them_ends()
    {
        var writing = Writing(StoreJobKind.Value, load: 0);
        var state = writing.With(writing.Work! with { Queued = [new() { Version = 8, Load = 5 }] });

        var (next, failed) = StoreRules.Failed(state, maybeApplied: false);

        Assert.Equal([7, 8], failed.Select(c => c.Version));
        Assert.True(next.IsIdle);
    }

    [Fact]
    public void A_failed_flush_is_still_to_be_done_and_a_failed_write_leaves_what_was()
    {
        Assert.True(StoreRules.Failed(Flushing, maybeApplied: false).State.Unflushed);
        Assert.True(StoreRules.Failed(Writing(StoreJobKind.Value, load: 0) with { Unflushed = true }, maybeApplied: false).State.Unflushed);
        Assert.False(StoreRules.Failed(Writing(StoreJobKind.Value, load: 0), maybeApplied: false).State.Unflushed);
    }

    [Theory]
    [InlineData(false, StoreKnowledge.Nothing)]
    [InlineData(true, StoreKnowledge.Clean)]
    internal void Nothing_in_the_store_is_not_relied_on_while_a_write_may_arrive(bool mayArrive, StoreKnowledge stored)
    {
        var removed = new EntryRecord { Kind = RecordKind.Removed, Version = 7 };

        Assert.Equal(stored, StoreRules.Adopt(new() { MayArrive = mayArrive }, null, now: 1).Stored);
        Assert.Equal(stored, StoreRules.Adopt(new() { MayArrive = mayArrive }, removed, now: 1).Stored);
        Assert.Equal(stored, StoreRules.Adopt(new() { MayArrive = mayArrive }, Record(7) with { StaleUntil = 1 }, now: 1).Stored);
        Assert.Equal(mayArrive ? StoreKnowledge.Clean : StoreKnowledge.Dirty, StoreRules.Adopt(new() { MayArrive = mayArrive }, Record(7) with { Dirty = true }, now: 1).Stored);
    }

    [Fact]
    public void A_removal_in_the_store_takes_an_older_value_from_memory_and_fences_its_loads()
    {
        var next = StoreRules.Adopt(Loading(6), new() { Kind = RecordKind.Removed, Version = 7 }, now: 1);

        Assert.Equal((null, 7, false, 4, null), (next.Content, next.LastVersion, next.Unflushed, next.Changes, next.Work?.Load));
    }

    [Fact]
    public void An_older_removal_in_the_store_leaves_the_value_in_memory_which_is_flushed()
    {
        var next = StoreRules.Adopt(Loading(8), new() { Kind = RecordKind.Removed, Version = 7 }, now: 1);

        Assert.Equal((8, 8, true, 3, 5), (next.Content?.Version, next.LastVersion, next.Unflushed, next.Changes, next.Work?.Load?.Number));
        Assert.False(StoreRules.Adopt(new() { LastVersion = 8 }, new() { Kind = RecordKind.Removed }, now: 1).Unflushed);
    }

    [Fact]
    public void A_value_in_the_store_takes_the_place_of_an_older_one_in_memory_and_fences_its_loads()
    {
        var next = StoreRules.Adopt(Loading(6) with { Unflushed = true }, Record(7), now: 1);

        Assert.Equal((7, 7, false, 4, null), (next.Content?.Version, next.LastVersion, next.Unflushed, next.Changes, next.Work?.Load));
        Assert.Equal((StoreKnowledge.Clean, 50, 100), (next.Stored, next.FreshUntil, next.StaleUntil));
    }

    [Fact]
    public void An_older_value_in_the_store_leaves_the_one_in_memory_which_is_flushed()
    {
        var next = StoreRules.Adopt(Loading(8), Record(7), now: 1);

        Assert.Equal((8, 8, true, 3, 5), (next.Content?.Version, next.LastVersion, next.Unflushed, next.Changes, next.Work?.Load?.Number));
        Assert.Equal(StoreKnowledge.Clean, next.Stored);
    }

    [Fact]
    public void A_value_in_the_store_past_its_stale_time_is_nothing_but_a_version()
    {
        var next = StoreRules.Adopt(default, Record(7), now: 100);

        Assert.Equal((null, 7, StoreKnowledge.Nothing, false), (next.Content, next.LastVersion, next.Stored, next.Unflushed));
        Assert.True(StoreRules.Adopt(Loading(6), Record(7), now: 100).Unflushed);
    }

    [Fact]
    public void Under_a_newer_mark_memory_keeps_its_value_and_does_not_flush_it()
    {
        Assert.Equal((6, false), StoreRules.Adopt(Loading(6), Record(7) with { Dirty = true }, now: 1) is var older ? (older.Content!.Version, older.Unflushed) : default);
        Assert.True(StoreRules.Adopt(Loading(7), Record(7) with { Dirty = true }, now: 1).Unflushed);
        Assert.False(StoreRules.Adopt(new() { LastVersion = 8 }, Record(0) with { Dirty = true }, now: 1).Unflushed);
    }

    [Fact]
    public void A_store_that_lost_its_record_gets_what_memory_has()
    {
        Assert.True(StoreRules.Adopt(Loading(8), null, now: 1).Unflushed);
        Assert.False(StoreRules.Adopt(default, null, now: 1).Unflushed);
    }

    private static EntryState Flushing => new EntryState { Content = Content(7) }.With(new() { Job = new() { Kind = StoreJobKind.Flush, Record = Record(7) } });

    private static EntryContent Content(long version) => new() { Value = new() { Bytes = [1], Version = version } };

    private static EntryRecord Record(long version) => new() { Kind = RecordKind.Value, Version = version, FreshUntil = 50, StaleUntil = 100 };

    /// <summary>A value in memory of that version, and a load in flight.</summary>
    private static EntryState Loading(long version) =>
        new EntryState { Content = Content(version), LastVersion = version, Changes = 3 }.With(new() { Load = new() { Number = 5 } });

    /// <summary>Version 7 is on its way to the store, and another load is in flight.</summary>
    private static EntryState Writing(StoreJobKind kind, int load) => new EntryState { Stored = StoreKnowledge.Clean, Changes = 3 }.With(new()
    {
        Load = new() { Number = 5 },
        Job = new()
        {
            Kind = kind,
            Batch = [new() { Content = Content(7), Version = 7, Load = load }],
            Record = kind == StoreJobKind.Nothing ? null : Record(7),
        },
    });

    private static StoreJob? Flush(EntryState state) => StoreRules.Next(state, Behind, epoch: 1, flush: true, now: 1).Job;

    private static StoreJobKind Next(StoreKnowledge stored, int load)
    {
        var state = new EntryState { Stored = stored }.With(new() { Queued = [new() { Content = Content(7), Version = 7, Load = load }] });

        return StoreRules.Next(state, Behind, epoch: 1, flush: false, now: 1).Job!.Kind;
    }
}
