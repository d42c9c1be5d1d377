namespace OrleansCache.Tests;

/// <summary>Sliding lifetimes and an early end of fresh time.</summary>
public sealed class ReadRulesTests
{
    private static readonly EntryState State = new()
    {
        Content = new() { Value = new() { Version = 7 }, SlidingSpan = 80, SavedFreshUntil = 180 },
        FreshUntil = 180,
        StaleUntil = 200,
    };

    [Fact]
    public void A_read_never_shortens_a_sliding_lifetime() => Assert.Equal(State, ReadRules.Slide(State, now: 90));

    [Fact]
    public void The_store_hears_of_a_sliding_lifetime_in_steps()
    {
        var small = ReadRules.Slide(State, now: 109);
        var step = ReadRules.Slide(small, now: 110);

        Assert.Equal((189, 209, false), (small.FreshUntil, small.StaleUntil, small.Unflushed));
        Assert.Equal((190, 210, true), (step.FreshUntil, step.StaleUntil, step.Unflushed));
        Assert.Equal((190, true), (step.Content!.SavedFreshUntil, step.Content.IsRenewed));
    }

    [Fact]
    public void A_stale_time_without_an_end_stays_so() =>
        Assert.Equal(EntryLifetimes.Never, ReadRules.Slide(State with { StaleUntil = EntryLifetimes.Never }, now: 109).StaleUntil);

    [Fact]
    public void An_end_of_fresh_time_reaches_the_store_under_an_id_of_its_own()
    {
        var ended = ReadRules.Expire(State, now: 100);

        Assert.Equal((100, 200, true, true), (ended.FreshUntil, ended.StaleUntil, ended.Unflushed, ended.Content!.IsRenewed));
    }

    [Fact]
    public void What_is_stale_or_gone_already_is_not_ended_again()
    {
        Assert.Equal(State, ReadRules.Expire(State, now: 180));
        Assert.Equal(State with { Content = null }, ReadRules.Expire(State with { Content = null }, now: 100));
    }

    [Fact]
    public void A_load_whose_lease_is_over_does_not_keep_a_stale_reader_from_refreshing()
    {
        var state = State.With(new() { Load = new() { Leased = true, LeaseUntil = 190 } });

        Assert.Equal(ReadDecision.Stale, ReadRules.Decide(state, Freshness.Stale, LoadMode.Leased, Strategy.Background, now: 189));
        Assert.Equal(ReadDecision.StaleAndRefresh, ReadRules.Decide(state, Freshness.Stale, LoadMode.Leased, Strategy.Background, now: 190));
    }
}
