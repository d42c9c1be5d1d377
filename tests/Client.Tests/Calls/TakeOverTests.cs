using OrleansCache.TestSupport;

namespace OrleansCache.Calls;

public class TakeOverTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void It_may_come_for_seven_seconds_from_the_first_refusal()
    {
        var takeOver = new TakeOver(_clock);
        Assert.True(takeOver.MayCome(1));

        _clock.Advance(TakeOver.Longest - TimeSpan.FromMilliseconds(1));
        Assert.True(takeOver.MayCome(1));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(takeOver.MayCome(1));
    }

    [Fact]
    public void Under_another_view_it_may_come_anew()
    {
        var takeOver = new TakeOver(_clock);
        takeOver.MayCome(1);
        _clock.Advance(TakeOver.Longest);

        Assert.False(takeOver.MayCome(1));
        Assert.True(takeOver.MayCome(2));
    }

    [Fact]
    public void Refusals_that_go_on_are_one_outage_however_long_and_those_far_apart_are_two()
    {
        var takeOver = new TakeOver(_clock);
        takeOver.MayCome(1);
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(TakeOver.Apart - TimeSpan.FromMilliseconds(1));
            Assert.False(takeOver.MayCome(1));
        }

        _clock.Advance(TakeOver.Apart);
        Assert.True(takeOver.MayCome(1));
    }
}
