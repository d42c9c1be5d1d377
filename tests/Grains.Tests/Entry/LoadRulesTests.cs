namespace OrleansCache.Tests;

/// <summary>When a load's result is kept, and what is then known of it.</summary>
public sealed class LoadRulesTests
{
    private static readonly RegionPolicy Policy = new() { Region = "plain", FreshFor = TimeSpan.FromSeconds(1) };
    private static readonly EndContext At = new(Now: 1_000, Policy, TagsGood: true, Proven: true, Draw: 0);
    private static readonly LoadResult New = new() { Outcome = LoadOutcome.Value, Bytes = [2] };

    [Fact]
    public void A_lease_is_over_when_nobody_renews_it_and_is_not_renewed_late()
    {
        var (state, load) = LoadRules.Begin(default, leased: true, leaseSpan: 10, born: 0, generation: 0, now: 100);

        Assert.Equal((true, false), (load.IsAlive(109), load.IsAlive(110)));
        Assert.True(LoadRules.Renew(state, load.Number, leaseSpan: 10, now: 109).State.Work!.Load!.IsAlive(118));
        Assert.False(LoadRules.Renew(state, load.Number, leaseSpan: 10, now: 110).Renewed);
        Assert.False(LoadRules.Renew(state, load.Number + 1, leaseSpan: 10, now: 105).Renewed);
    }

    [Fact]
    public void A_declared_load_has_no_lease_to_lose()
    {
        var (state, load) = LoadRules.Begin(Empty, leased: false, leaseSpan: 10, born: 0, generation: 0, now: 100);

        Assert.True(load.IsAlive(long.MaxValue));
        Assert.False(LoadRules.Renew(state, load.Number, leaseSpan: 10, now: 105).Renewed);
        Assert.NotNull(LoadRules.End(state, load, New, At).End.Change);
    }

    [Fact]
    public void A_result_is_not_kept_while_a_change_is_queued_or_on_its_way()
    {
        var (state, load) = Begin(Empty);
        PendingChange change = new() { Version = 9 };

        Assert.Equal("changed", LoadRules.End(state.With(state.Work! with { Queued = [change] }), load, New, At).End.Detail);
        Assert.Equal("changed", LoadRules.End(state.With(state.Work! with { Job = new() { Batch = [change] } }), load, New, At).End.Detail);
        Assert.Null(LoadRules.End(state.With(state.Work! with { Job = new() { Kind = StoreJobKind.Flush } }), load, New, At).End.Detail);
    }

    [Fact]
    public void What_is_not_to_be_stored_is_given_uncached()
    {
        var (state, load) = Begin(Empty);

        var (_, end) = LoadRules.End(state, load, New with { Outcome = LoadOutcome.DoNotStore }, At);

        Assert.Equal(("not-stored", null, 0), (end.Detail, end.Change, end.Value!.Version));
    }

    [Fact]
    public void A_load_that_was_fenced_off_does_not_count_as_a_failure()
    {
        var (state, load) = Begin(Empty);
        var failed = new LoadResult { Outcome = LoadOutcome.Failed };

        Assert.Null(LoadRules.End(ChangeRules.Fence(state), load, failed, At).State.Work?.Failure);
        Assert.Equal(1, LoadRules.End(state, load, failed, At).State.Work?.Failure?.Count);
    }

    [Fact]
    public void An_absence_that_is_not_remembered_takes_the_value_away_unless_the_key_changed_meanwhile()
    {
        var (state, load) = Begin(Old());
        var absent = new LoadResult { Outcome = LoadOutcome.Absent };

        var kept = LoadRules.End(ChangeRules.Fence(state), load, absent, At);
        var gone = LoadRules.End(state, load, absent, At);
        var (empty, other) = Begin(Empty);

        Assert.Equal((null, ProblemKind.NotFound), (kept.End.Change, kept.End.Problem!.Kind));
        Assert.Equal((true, null), (gone.End.Change is not null, gone.End.Change!.Content));
        Assert.Null(LoadRules.End(empty, other, absent, At).End.Change);
    }

    [Fact]
    public void An_equal_result_is_as_young_in_the_tag_log_as_its_load()
    {
        var (state, load) = LoadRules.Begin(Old(), leased: false, leaseSpan: 10, born: 8, generation: 2, now: 900);

        var (next, end) = LoadRules.End(state, load, New with { Bytes = [1] }, At);

        Assert.True(end.Kept);
        Assert.Equal((8, 2), (next.Content!.Value.Born, next.Content.LogGeneration));
        Assert.Equal((7, At.Now), (next.Content.Version, next.Content.Value.LastRetrieved));
    }

    [Theory]
    [InlineData(false, "old")]
    [InlineData(true, "new")]
    public void An_origin_that_says_not_modified_may_still_give_other_tags(bool given, string tag)
    {
        var (state, load) = Begin(Old("old"));

        var (_, end) = LoadRules.End(state, load, new() { Outcome = LoadOutcome.NotModified, Tags = given ? ["new"] : [] }, At);

        Assert.Equal([tag], end.Value!.Tags.AsEnumerable());
    }

    [Fact]
    public void Not_modified_keeps_what_is_there_or_gives_it_uncached_and_is_a_failure_where_nothing_is()
    {
        var unchanged = new LoadResult { Outcome = LoadOutcome.NotModified };
        var (state, load) = Begin(Old("old"));
        var (empty, other) = Begin(Empty);

        Assert.Equal((true, 1_000_000 + At.Now), LoadRules.End(state, load, unchanged, At) is var kept ? (kept.End.Kept, kept.State.StaleUntil) : default);
        Assert.Equal(("unproven", 0L, 1), LoadRules.End(state, load, unchanged, At with { Proven = false }).End is var end ? ((string?)end.Detail, end.Value!.Version, (int)end.Value.Bytes.Single()) : default);
        Assert.Equal("origin-304", LoadRules.End(empty, other, unchanged, At).End.Problem?.Detail);
    }

    [Fact]
    public void An_equal_value_with_fewer_tags_is_a_change()
    {
        var (state, load) = Begin(Old("a", "b"));

        Assert.NotNull(LoadRules.End(state, load, New with { Bytes = [1], Tags = ["a"] }, At).End.Change);
        Assert.Null(LoadRules.End(state, load, New with { Bytes = [1], Tags = ["b", "a"] }, At).End.Change);
    }

    [Fact]
    public void An_absence_and_an_empty_value_are_not_the_same()
    {
        var old = Old();
        var absent = old with { Content = old.Content! with { Value = old.Content.Value with { IsAbsent = true, Bytes = [] } } };
        var (state, load) = Begin(absent);

        var (_, end) = LoadRules.End(state, load, New with { Bytes = [] }, At);

        Assert.NotNull(end.Change);
    }

    [Fact]
    public void However_often_a_load_failed_the_next_try_is_bounded_and_no_sooner_than_the_origin_says()
    {
        var problem = new LoadProblem { RetryAfterMilliseconds = 20_000 };

        Assert.Equal(EntryLifetimes.FromSpan(LoadRules.FirstBackoff), LoadRules.NextTry(1, new(), now: 0, draw: 0));
        Assert.Equal(EntryLifetimes.FromSpan(LoadRules.LongestBackoff), LoadRules.NextTry(5_000, new(), now: 0, draw: 0));
        Assert.Equal(20_000_000, LoadRules.NextTry(1, problem, now: 0, draw: 0));
    }

    private static EntryState Empty => new() { Stored = StoreKnowledge.Nothing };

    private static EntryState Old(params string[] tags) => new()
    {
        Content = new() { Value = new() { Bytes = [1], Version = 7, Born = 1, Tags = [.. tags] }, LogGeneration = 1 },
        LastVersion = 7,
        FreshUntil = 500,
        StaleUntil = 9_000,
        Stored = StoreKnowledge.Clean,
    };

    private static (EntryState State, LoadLease Load) Begin(EntryState state) =>
        LoadRules.Begin(state, leased: false, leaseSpan: 10, born: 8, generation: 1, now: 900);
}
