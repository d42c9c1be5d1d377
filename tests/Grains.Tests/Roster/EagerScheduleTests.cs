namespace OrleansCache.Tests;

public class EagerScheduleTests
{
    private readonly EagerSchedule _schedule = new();

    [Fact]
    public void The_longest_overdue_has_its_turn_first_and_nobody_before_its_time()
    {
        _schedule.Plan("b", 20);
        _schedule.Plan("a", 10);
        _schedule.Plan("c", 30);

        Assert.Null(_schedule.Take(9));
        Assert.Equal(("a", "b", null), (_schedule.Take(29), _schedule.Take(29), _schedule.Take(29)));
        Assert.Equal(30, _schedule.Next);
    }

    [Fact]
    public void A_key_has_one_turn_the_earliest_that_was_asked_for()
    {
        Assert.True(_schedule.Plan("a", 20));
        Assert.False(_schedule.Plan("a", 10));
        Assert.False(_schedule.Plan("a", 30));

        Assert.Equal(10, _schedule.Next);
        Assert.Equal("a", _schedule.Take(10));
        Assert.Null(_schedule.Take(100));
    }

    [Fact]
    public void Who_has_its_turn_gets_no_second_one_beside_it()
    {
        _schedule.Plan("a", 10);
        _schedule.Take(10);

        Assert.False(_schedule.Plan("a", 11));
        Assert.Null(_schedule.Take(100));

        _schedule.End("a", 50);
        Assert.Equal((null, "a"), (_schedule.Take(49), _schedule.Take(50)));
    }

    [Fact]
    public void Who_is_forgotten_has_no_turn_and_is_new_again()
    {
        _schedule.Plan("a", 10);
        _schedule.Forget("a");

        Assert.Null(_schedule.Take(100));
        Assert.Empty(_schedule.Keys);
        Assert.True(_schedule.Plan("a", 10));
        Assert.Equal("a", _schedule.Take(10));
    }

    [Fact]
    public void Who_asks_for_a_turn_during_its_last_one_has_it()
    {
        _schedule.Plan("a", 10);
        _schedule.Take(10);
        _schedule.Plan("a", 30);
        _schedule.Plan("a", 20);
        _schedule.Forget("a");

        Assert.Equal((null, "a"), (_schedule.Take(19), _schedule.Take(20)));
        _schedule.Forget("a");
        Assert.Empty(_schedule.Keys);
    }
}
