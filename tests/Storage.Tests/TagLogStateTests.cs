namespace OrleansCache.Storage.Tests;

public class TagLogStateTests
{
    private const long Span = 3000;
    private const long Outwait = 3000 + 30 + CoarseClock.StepMilliseconds;
    private static readonly Guid Other = new(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);

    private static readonly TagLogState New = new(Span);

    private static TagChanges Log(long head = 1, long counter = 1, long known = 0, long generation = 7, long beginning = 7, bool waitsOut = false) =>
        new(generation, Floor: 0, head, []) { Beginning = beginning, WaitsOut = waitsOut, Others = [new(Other, counter, known)] };

    private static TagLogState See(TagLogState state, TagChanges changes, long at, long took = 0) => state.Observe(state.Known, changes, at, at + took);

    [Fact]
    public void A_lease_is_counted_from_the_sending_and_ends_a_step_early()
    {
        var state = See(New, Log(), at: 1000, took: 400);

        Assert.True(state.IsProven(1000 + Span - CoarseClock.StepMilliseconds - 1));
        Assert.False(state.IsProven(1000 + Span - CoarseClock.StepMilliseconds));
        Assert.False(New.IsProven(0));
    }

    [Fact]
    public void All_have_a_raise_when_each_other_silo_has_said_so()
    {
        var state = See(New, Log(head: 5, known: 4), at: 1000);

        Assert.True(state.AllHave(4));
        Assert.False(state.AllHave(5));
        Assert.True(See(state, Log(head: 5, counter: 2, known: 5), at: 1001).AllHave(5));
    }

    [Fact]
    public void A_lease_is_over_when_it_was_not_renewed_between_looks_that_are_longer_apart_than_it_lasts()
    {
        var state = See(New, Log(), at: 1000, took: 200);

        Assert.False(See(state, Log(), at: 1200 + Outwait - 1, took: 50).AllHave(1));
        var over = See(state, Log(), at: 1200 + Outwait, took: 50);
        Assert.True(over.AllHave(1));
        Assert.Equal([new TagReader(Other, 1, 0)], over.Gone);
        Assert.Empty(state.Gone);
    }

    [Fact]
    public void A_lease_that_was_renewed_lasts_anew()
    {
        var state = See(See(New, Log(), at: 1000), Log(counter: 2), at: 2000);

        Assert.False(See(state, Log(counter: 2), at: 1000 + Outwait).AllHave(1));
        Assert.True(See(state, Log(counter: 2), at: 2000 + Outwait).AllHave(1));
    }

    [Fact]
    public void A_look_that_does_not_show_the_leases_leaves_them_as_they_were()
    {
        var state = See(See(New, Log(), at: 1000), Log(head: 2) with { Others = default }, at: 1000 + Outwait);

        Assert.False(state.AllHave(1));
        Assert.Empty(state.Gone);
        Assert.True(state.MustTell);
        Assert.True(See(state, Log(), at: 1000 + Outwait).AllHave(1));
    }

    [Fact]
    public void A_counter_that_comes_again_after_a_beginning_is_not_the_one_of_before()
    {
        var found = See(See(New, Log(), at: 1000), Log(beginning: 8, waitsOut: true) with { Others = default }, at: 1100);

        var seen = See(found, Log(beginning: 8), at: 2000);

        Assert.False(See(seen, Log(beginning: 8), at: 2000 + Outwait - 1).AllHave(1));
        Assert.True(See(seen, Log(beginning: 8), at: 2000 + Outwait).AllHave(1));
    }

    [Fact]
    public void The_others_leases_are_looked_at_often_enough_and_not_by_all_because_one_raised()
    {
        var state = See(New, Log(known: 1), at: 1000) with { Told = 1 };

        Assert.Equal((false, true), (state.ShouldSeeOthers(isHinted: false, 1000 + (Span / 4) - 1), state.ShouldSeeOthers(isHinted: false, 1000 + (Span / 4))));
        Assert.Equal((false, true), (state.ShouldSeeOthers(isHinted: true, 1000 + (2 * Span) - 1), state.ShouldSeeOthers(isHinted: true, 1000 + (2 * Span))));
        Assert.False((state with { Told = 0 }).ShouldSeeOthers(isHinted: false, 1000 + Span));
        Assert.True((state with { Others = [] }).ShouldSeeOthers(isHinted: true, 1000));
    }

    [Fact]
    public void A_beginning_is_waited_out_by_who_finds_it_unless_somebody_has()
    {
        var found = See(New, Log(known: 1, waitsOut: true), at: 1000, took: 200);

        Assert.False(See(found, Log(known: 1, waitsOut: true), at: 1200 + Outwait - 1).AllHave(1));
        var over = See(found, Log(known: 1, waitsOut: true), at: 1200 + Outwait);
        Assert.True(over.AllHave(1));
        Assert.Equal(7, over.WaitedOut);
        Assert.Equal(0, found.WaitedOut);
        Assert.True(See(found, Log(known: 1), at: 1300).AllHave(1));
    }

    [Fact]
    public void Who_comes_to_a_log_that_may_lack_raises_proves_nothing_by_it_until_the_beginning_is_waited_out()
    {
        var mayLack = Log(beginning: 8, waitsOut: true);
        var late = See(New, mayLack, at: 1000);
        var goesOn = See(See(New, Log(), at: 0), mayLack, at: 1000);

        Assert.False(late.IsProven(1001));
        Assert.True(goesOn.IsProven(Span));
        Assert.False(See(late, mayLack, at: 1000 + Outwait - 1).IsProven(1000 + Outwait));
        Assert.True(See(late, mayLack, at: 1000 + Outwait).IsProven(1000 + Outwait));
        Assert.True(See(late, Log(beginning: 8), at: 1001).IsProven(1002));
        Assert.True(See(New, Log(waitsOut: true), at: 1000).IsProven(1001));
    }

    [Fact]
    public void Counters_of_before_a_beginning_say_nothing_after_it()
    {
        var state = See(See(New, Log(), at: 1000), Log(beginning: 8), at: 1000 + Outwait);

        Assert.False(state.AllHave(1));
        Assert.True(See(state, Log(beginning: 8), at: 1000 + (2 * Outwait)).AllHave(1));
    }

    [Fact]
    public void Who_asked_in_a_former_generation_has_told_nothing()
    {
        var state = See(New, Log(head: 5), at: 1000);
        Assert.True(state.MustTell);

        state = See(state, Log(head: 5, counter: 2), at: 1001);
        Assert.Equal(5, state.Told);
        Assert.False(state.MustTell);

        Assert.True(See(state, Log(head: 5, generation: 9), at: 1002).MustTell);
    }

    [Fact]
    public void The_next_look_comes_when_a_lease_that_is_late_may_be_over()
    {
        var state = See(New, Log(), at: 1000);

        Assert.Equal(2000, state.NextLook(2000));
        Assert.Equal(1000 + Outwait, state.NextLook(9000));
        Assert.Equal(1000 + Outwait, See(New, Log(waitsOut: true) with { Others = [] }, at: 1000).NextLook(9000));
    }

    [Fact]
    public void The_number_never_falls_and_the_stamp_is_that_of_the_last_raise_heard_of()
    {
        var state = See(New, Log(head: 5) with { Stamp = 3 }, at: 1000);

        Assert.Equal(new(7, 5, 3), See(state, Log(head: 5), at: 1001).Known);
        Assert.Equal(new(9, 5, 3), See(state, Log(head: 4, generation: 9), at: 1001).Known);
    }
}
