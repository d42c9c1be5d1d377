namespace OrleansCache.Samples;

public sealed class OriginLimitTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(900);

    [Fact]
    public void A_call_past_the_limit_is_told_the_exact_wait()
    {
        var limit = new OriginLimit(2, Window);
        limit.TryTake(Noon);
        limit.TryTake(Noon.AddMilliseconds(100));

        var wait = limit.TryTake(Noon.AddMilliseconds(200));

        Assert.Equal(TimeSpan.FromMilliseconds(700), wait);
    }

    [Fact]
    public void A_caller_that_waits_as_told_is_granted_and_one_tick_less_is_refused()
    {
        var limit = new OriginLimit(1, Window);
        limit.TryTake(Noon);

        Assert.Equal(new TimeSpan(1), limit.TryTake(Noon + Window - new TimeSpan(1)));
        Assert.Equal(TimeSpan.Zero, limit.TryTake(Noon + Window));
        Assert.Equal(Window, limit.TryTake(Noon + Window));
    }

    [Fact]
    public void No_sliding_window_has_more_grants_than_the_limit()
    {
        var limit = new OriginLimit(10, Window);
        var random = new Random(7);
        var granted = new List<DateTimeOffset>();
        var now = Noon;

        for (var call = 0; call < 100_000; call++)
        {
            now += TimeSpan.FromTicks(random.Next(0, 600_000));
            if (limit.TryTake(now) == TimeSpan.Zero)
                granted.Add(now);
        }

        Assert.True(granted.Count > 1_000);
        Assert.All(granted.Zip(granted.Skip(10)), pair => Assert.True(pair.Second - pair.First >= Window));
    }
}
