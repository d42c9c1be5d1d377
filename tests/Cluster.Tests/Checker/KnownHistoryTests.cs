namespace OrleansCache.Cluster;

/// <summary>Histories written by hand, good and bad, each with the name of what is wrong with it.</summary>
public sealed class KnownHistoryTests
{
    [Fact]
    public void Calls_one_after_the_other_pass() =>
        Passes(Read(0, 1), Write(1, 2, 3, version: 10), Read(4, 5, 1, 10), Removal(6, 7, version: 11), Read(8, 9), Write(2, 10, 11, version: 12), Read(12, 13, 2, 12));

    [Fact]
    public void A_read_beside_a_write_may_give_either()
    {
        Passes(Write(1, 0, 1, version: 10), Write(2, 2, 9, version: 11), Read(3, 4, 1, 10));
        Passes(Write(1, 0, 1, version: 10), Write(2, 2, 9, version: 11), Read(3, 4, 2, 11));
    }

    [Fact]
    public void Two_reads_beside_a_write_go_one_way_only()
    {
        Passes(Write(1, 0, 1, version: 10), Write(2, 2, 20, version: 11), Read(3, 4, 1, 10), Read(5, 6, 2, 11));
        Fails(Fault.StaleRead, Write(1, 0, 1, version: 10), Write(2, 2, 20, version: 11), Read(3, 4, 2, 11), Read(5, 6, 1, 10));
    }

    [Fact]
    public void A_stale_read_is_found() =>
        Fails(Fault.StaleRead, Write(1, 0, 1, version: 10), Write(2, 2, 3, version: 11), Read(4, 5, 1, 10));

    [Fact]
    public void A_value_from_before_a_removal_is_found() =>
        Fails(Fault.ResurrectedRemoval, Write(1, 0, 1, version: 10), Removal(2, 3, version: 11), Read(4, 5, 1, 10));

    [Fact]
    public void A_value_from_before_a_raise_of_its_tag_is_found_and_one_from_beside_it_may_be_there()
    {
        Fails(Fault.ResurrectedRemoval, Write(1, 0, 1, version: 10), Raise(2, 3), Read(4, 5, 1, 10));
        Fails(Fault.ResurrectedRemoval, Write(1, 0, 1, version: 10), Raise(2, 9), Read(3, 4), Read(5, 6, 1, 10));
        Fails(Fault.LostWrite, Raise(0, 1), Write(1, 2, 3, version: 10), Read(4, 5));
        Passes(Write(1, 0, 9, version: 10), Raise(2, 3), Read(10, 11, 1, 10));
        Passes(Write(1, 0, 9, version: 10), Raise(2, 3), Read(10, 11));
        Passes(Write(1, 0, 1, version: 10), Raise(2, 3), Read(4, 5), Write(2, 6, 7, version: 11), Read(8, 9, 2, 11));
    }

    [Fact]
    public void A_raise_without_an_answer_may_have_happened_or_not_or_late()
    {
        Passes(Write(1, 0, 1, version: 10), LostRaise(2), Read(4, 5, 1, 10), Read(6, 7));
        Passes(Write(1, 0, 1, version: 10), LostRaise(2), Read(4, 5, 1, 10));
        Fails(Fault.LostWrite, Write(1, 0, 1, version: 10), LostRaise(2), Read(4, 5), Write(2, 6, 7, version: 12), Read(8, 9));
    }

    [Fact]
    public void A_raise_is_one_of_every_key_that_has_the_tag() =>
        Assert.Equal([2, 5, 8], TagRaise.OnKeys(TagRaise.Of(worker: 1, tag: 2, tags: 3, keys: 10)).Select(static o => o.Key));

    [Fact]
    public void A_lost_write_is_found()
    {
        Fails(Fault.LostWrite, Write(1, 0, 1, version: 10), Read(2, 3));
        Fails(Fault.LostWrite, Write(1, 0, 1, version: 10), Removal(2, 3, version: 0, existed: false));
        Fails(Fault.LostWrite, Write(1, 0, 1, version: 10), Write(2, 2, 3, Guard.IfPresent, 0, Ending.Refused, version: 0));
    }

    [Fact]
    public void A_value_that_nobody_wrote_is_found() => Fails(Fault.PhantomValue, Write(1, 0, 1, version: 10), Read(2, 3, 7, 11));

    [Fact]
    public void A_value_whose_write_was_refused_is_found()
    {
        Fails(Fault.PhantomValue, Write(1, 0, 1, ending: Ending.Failed), Read(2, 3, 1, 10));
        Fails(Fault.PhantomValue, Write(1, 0, 1, version: 10), Write(2, 2, 3, Guard.IfAbsent, 0, Ending.Refused, version: 10), Read(4, 5, 2, 11));
    }

    [Fact]
    public void A_read_from_the_future_is_found() => Fails(Fault.FromTheFuture, Read(0, 1, 1, 10), Write(1, 2, 3, version: 10));

    [Fact]
    public void A_version_given_twice_is_found() =>
        Fails(Fault.DuplicateVersion, Write(1, 0, 1, version: 10), Write(2, 2, 3, version: 10));

    [Fact]
    public void A_value_under_two_versions_is_found() =>
        Fails(Fault.DuplicateVersion, Write(1, 0, 1, version: 10), Read(2, 3, 1, 10), Read(4, 5, 1, 11));

    [Fact]
    public void A_version_that_falls_is_found()
    {
        Fails(Fault.VersionFell, Write(1, 0, 1, version: 10), Write(2, 2, 3, version: 9));
        Fails(Fault.VersionFell, Write(1, 0, 1, version: 10), Removal(2, 3, version: 11), Write(2, 4, 5, version: 11 - 2));
    }

    [Fact]
    public void Versions_of_writes_side_by_side_may_come_either_way() =>
        Passes(Write(1, 0, 9, version: 11), Write(2, 1, 8, version: 10), Read(10, 11, 1, 11));

    [Fact]
    public void A_write_without_an_answer_may_have_happened_or_not_or_late()
    {
        Passes(Write(1, 0, 1, version: 10), Lost(2, 2), Read(3, 4, 1, 10));
        Passes(Write(1, 0, 1, version: 10), Lost(2, 2), Read(3, 4, 2, 11));
        Passes(Write(1, 0, 1, version: 10), Lost(2, 2), Read(3, 4, 1, 10), Read(90, 91, 2, 11));
        Passes(Write(1, 0, 1, version: 10), Lost(2, 2), Write(3, 4, 5, version: 11), Read(6, 7, 3, 11), Read(90, 91, 2, 12));
    }

    [Fact]
    public void A_write_without_an_answer_happens_once() =>
        Fails(Fault.StaleRead, Write(1, 0, 1, version: 10), Lost(2, 2), Read(4, 5, 2, 11), Write(3, 6, 7, version: 12), Read(8, 9, 2, 11));

    [Fact]
    public void A_write_without_an_answer_that_was_seen_is_not_unseen() =>
        Fails(Fault.StaleRead, Write(1, 0, 1, version: 10), Lost(2, 2), Read(4, 5, 2, 11), Read(6, 7, 1, 10));

    [Fact]
    public void A_removal_without_an_answer_explains_one_absence_not_two()
    {
        Passes(Write(1, 0, 1, version: 10), LostRemoval(2), Read(4, 5), Write(2, 6, 7, version: 12), Read(8, 9, 2, 12));
        Fails(Fault.LostWrite, Write(1, 0, 1, version: 10), LostRemoval(2), Read(4, 5), Write(2, 6, 7, version: 12), Read(8, 9));
    }

    [Fact]
    public void There_must_be_a_version_left_for_what_nobody_saw() =>
        Fails(Fault.LostWrite, Write(1, 0, 1, version: 10), LostRemoval(2), Read(4, 5), Write(2, 6, 7, version: 11), Read(8, 9, 2, 11));

    [Fact]
    public void Of_two_conditional_writes_on_one_version_one_holds()
    {
        Passes(Write(1, 0, 1, version: 10), Write(2, 2, 9, Guard.IfVersion, 10, version: 11), Write(3, 3, 8, Guard.IfVersion, 10, Ending.Refused, version: 11));
        Fails(Fault.ConditionIgnored, Write(1, 0, 1, version: 10), Write(2, 2, 9, Guard.IfVersion, 10, version: 11), Write(3, 3, 8, Guard.IfVersion, 10, version: 12));
        Fails(Fault.Contradiction, Write(1, 0, 1, version: 10), Write(3, 3, 8, Guard.IfVersion, 10, Ending.Refused, version: 10));
    }

    [Fact]
    public void A_refusal_shows_what_is_there_as_a_read_does() =>
        Fails(Fault.StaleRead, Write(1, 0, 1, version: 10), Write(2, 2, 20, version: 11), Write(3, 3, 4, Guard.IfVersion, 10, Ending.Refused, version: 11), Read(5, 6, 1, 10));

    [Fact]
    public void What_a_store_lost_may_be_missing_once_and_what_was_written_after_may_not()
    {
        Operation[] missing = [Write(1, 0, 1, version: 10), Read(4, 5)];
        Operation[] writtenAfter = [Write(1, 4, 5, version: 10), Read(6, 7)];
        Operation[] twice = [Write(1, 0, 1, version: 10), Read(4, 5), Write(2, 6, 7, version: 12), Read(8, 9)];

        Operation[] writtenAgain = [.. missing, Write(2, 6, 7, version: 11)];

        Assert.Equal([], RegisterChecker.Check(missing, new Loss(2, 3)));
        Assert.Equal([], RegisterChecker.Check(writtenAgain, new Loss(2, 3)));
        Assert.Equal(Fault.LostWrite, Assert.Single(RegisterChecker.Check(writtenAfter, new Loss(2, 3))).Fault);
        Assert.Equal(Fault.LostWrite, Assert.Single(RegisterChecker.Check(twice, new Loss(2, 3))).Fault);
    }

    [Fact]
    public void An_answer_of_a_former_owner_is_found()
    {
        Operation[] oneWay = [Read(0, 1) with { View = 3 }, Read(2, 9) with { View = 3 }, Read(3, 4) with { View = 4 }, Read(5, 6) with { View = 4 }];
        Operation[] back = [.. oneWay, Read(10, 11) with { View = 3 }];

        Assert.Empty(OwnerOrder.Check(oneWay));
        Assert.Equal(Fault.FormerOwner, Assert.Single(OwnerOrder.Check(back)).Fault);
    }

    [Theory]
    [InlineData(949, 1)]
    [InlineData(951, 0)]
    public void Calls_over_the_limit_are_found_past_the_tolerance(int eleventhAt, int expected)
    {
        var noon = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var arrivals = Enumerable.Range(0, 10).Select(i => noon + TimeSpan.FromMilliseconds(i)).Append(noon + TimeSpan.FromMilliseconds(eleventhAt)).Reverse();

        Assert.Equal(expected, LimiterBound.Check(arrivals, 10, TimeSpan.FromSeconds(1)).Length);
    }

    private static void Passes(params Operation[] history) => Assert.Equal([], RegisterChecker.Check(history).Select(f => f.ToString()));

    private static void Fails(Fault fault, params Operation[] history) => Assert.Equal(fault, RegisterChecker.Check(history)[0].Fault);

    private static Operation Read(long begin, long end, long value = 0, long version = 0) =>
        new() { Kind = OperationKind.Read, Begin = begin, End = end, Ending = Ending.Ok, Value = value, Version = version };

    private static Operation Write(long value, long begin, long end, Guard guard = Guard.None, long expected = 0, Ending ending = Ending.Ok, long version = 0) =>
        new() { Kind = OperationKind.Write, Begin = begin, End = end, Ending = ending, Value = value, Version = version, Guard = guard, Expected = expected };

    private static Operation Removal(long begin, long end, long version, bool existed = true) =>
        new() { Kind = OperationKind.Remove, Begin = begin, End = end, Ending = Ending.Ok, Version = version, Existed = existed };

    private static Operation Lost(long value, long begin) => new() { Kind = OperationKind.Write, Begin = begin, Value = value };

    private static Operation Raise(long begin, long end) => new() { Kind = OperationKind.Raise, Begin = begin, End = end, Ending = Ending.Ok };

    private static Operation LostRaise(long begin) => new() { Kind = OperationKind.Raise, Begin = begin };

    private static Operation LostRemoval(long begin) => new() { Kind = OperationKind.Remove, Begin = begin };
}
