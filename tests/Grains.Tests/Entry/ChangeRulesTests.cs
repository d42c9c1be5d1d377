namespace OrleansCache.Tests;

/// <summary>What a change is judged against, and the version and the place that it gets.</summary>
public sealed class ChangeRulesTests
{
    private static readonly ChangeContext At = new(Now: 1_000, new() { Region = "plain" }, TagsGood: true, TagHead: 3, TagGeneration: 1, Draw: 0);

    [Theory]
    [InlineData(ConditionKind.IfVersion, 6, false)]
    [InlineData(ConditionKind.IfVersion, 7, true)]
    [InlineData(ConditionKind.IfPresent, 0, true)]
    [InlineData(ConditionKind.IfAbsent, 0, false)]
    internal void A_change_whose_condition_fails_is_not_made(ConditionKind condition, long version, bool holds)
    {
        var state = With(Content(7));

        var (written, write) = ChangeRules.Write(state, new() { Bytes = [], Condition = condition, Version = version }, At);
        var (removed, remove) = ChangeRules.Remove(state, new() { Condition = condition, Version = version }, At);

        Assert.Equal((holds, holds), (write.Accepted, remove.Accepted));
        Assert.Equal((!holds, !holds), (written == state, removed == state));
    }

    [Theory]
    [InlineData(ConditionKind.IfVersion, false)]
    [InlineData(ConditionKind.IfAbsent, true)]
    [InlineData(ConditionKind.IfPresent, false)]
    internal void A_remembered_absence_and_a_removal_on_its_way_count_as_nothing(ConditionKind condition, bool holds)
    {
        var request = new WriteRequest { Bytes = [], Condition = condition, Version = 7 };
        var absent = Content(7) with { Value = new() { IsAbsent = true, Version = 7 } };
        var removing = With(Content(7)).With(new() { Queued = [new() { Version = 8, StaleUntil = 9_000 }] });
        var expired = With(Content(6)).With(new() { Queued = [new() { Content = Content(7), Version = 7, StaleUntil = At.Now }] });

        Assert.Equal(holds, ChangeRules.Write(default, request, At).Verdict.Accepted);
        Assert.Equal(holds, ChangeRules.Write(With(absent), request, At).Verdict.Accepted);
        Assert.Equal(holds, ChangeRules.Write(removing, request, At).Verdict.Accepted);
        Assert.Equal(holds, ChangeRules.Write(expired, request, At).Verdict.Accepted);
    }

    [Fact]
    public void A_change_is_judged_against_the_youngest_before_it()
    {
        var writing = new StoreJob { Batch = [new() { Content = Content(7), Version = 7, StaleUntil = 9_000 }] };
        var state = With(Content(6)).With(new() { Job = writing, Queued = [new() { Content = Content(8), Version = 8, StaleUntil = 9_000 }] });

        Assert.True(ChangeRules.Write(state, new() { Bytes = [], Condition = ConditionKind.IfVersion, Version = 8 }, At).Verdict.Accepted);
        Assert.False(ChangeRules.Write(state, new() { Bytes = [], Condition = ConditionKind.IfVersion, Version = 7 }, At).Verdict.Accepted);
        Assert.Equal(8, ChangeRules.PendingVersion(state));
        Assert.Equal(7, ChangeRules.PendingVersion(With(Content(6)).With(new() { Job = writing })));
    }

    [Fact]
    public void A_removal_is_queued_unless_nothing_is_there_in_the_store_or_on_its_way()
    {
        var nothing = new EntryState { Stored = StoreKnowledge.Nothing };

        Assert.Null(Remove(nothing).Change);
        Assert.NotNull(Remove(nothing with { Stored = StoreKnowledge.Clean }).Change);
        Assert.NotNull(Remove(nothing with { Content = Content(7) }).Change);
        Assert.NotNull(Remove(nothing.With(new() { Job = new() })).Change);
        Assert.NotNull(Remove(nothing.With(new() { Queued = [new() { Content = Content(7), Version = 7 }] })).Change);
    }

    [Fact]
    public void A_write_without_tags_has_none()
    {
        var (_, verdict) = ChangeRules.Write(default, new() { Bytes = [], Lifetime = new() { Tags = default } }, At);

        Assert.True(verdict.Change!.Content!.Tags is { IsDefault: false, IsEmpty: true });
    }

    [Fact]
    public void Only_the_first_version_of_an_activation_waits_until_it_is_past()
    {
        var (first, one) = Accept(default, Content(7), load: null);
        var (_, two) = Accept(first, Content(8), load: null);

        Assert.Equal((true, false), (one.First, two.First));
        Assert.Equal((true, 7), (first.Stamped, first.LastVersion));
    }

    [Fact]
    public void A_value_that_keeps_its_version_gives_none()
    {
        var (unstamped, change) = Accept(new EntryState { LastVersion = 9 }, Content(7), load: null);
        var (stamped, _) = Accept(new EntryState { LastVersion = 9, Stamped = true }, Content(7), load: null);

        Assert.Equal((false, false, 9), (change.First, unstamped.Stamped, unstamped.LastVersion));
        Assert.True(stamped.Stamped);
    }

    [Fact]
    public void A_load_whose_result_the_store_is_getting_does_not_run_out()
    {
        var load = new LoadLease { Number = 5, Leased = true, LeaseUntil = 10 };

        var (state, _) = Accept(default, Content(7), load);

        Assert.True(state.Work!.Load!.IsAlive(now: 11));
    }

    private static EntryContent Content(long version) => new() { Value = new() { Bytes = [1], Version = version }, OperationId = Guid.NewGuid() };

    private static EntryState With(EntryContent content) =>
        new() { Content = content, LastVersion = content.Version, FreshUntil = 9_000, StaleUntil = 9_000, Stored = StoreKnowledge.Clean };

    private static ChangeVerdict Remove(EntryState state) => ChangeRules.Remove(state, default, At).Verdict;

    private static (EntryState State, PendingChange Change) Accept(EntryState state, EntryContent content, LoadLease? load) =>
        ChangeRules.Accept(state, content, 9_000, 9_000, content.OperationId, existed: false, load, At.Now);
}
