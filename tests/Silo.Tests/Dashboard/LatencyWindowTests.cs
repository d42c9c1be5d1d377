namespace OrleansCache.Silo.Tests;

public sealed class LatencyWindowTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Without_samples_there_is_no_quantile() => Assert.Null(new LatencyWindow(_clock).Quantile(0.99));

    [Fact]
    public void A_quantile_is_at_most_an_eighth_high()
    {
        var window = new LatencyWindow(_clock);

        for (var ms = 1; ms <= 1000; ms++)
            window.Add(ms / 1000d);

        Assert.InRange(window.Quantile(0.5)!.Value, 0.500, 0.5625);
        Assert.InRange(window.Quantile(0.99)!.Value, 0.990, 1.114);
    }

    [Fact]
    public void A_sample_counts_for_a_minute()
    {
        var window = new LatencyWindow(_clock);
        window.Add(1);

        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(window.Quantile(0.99));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(window.Quantile(0.99));
    }

    [Fact]
    public void A_second_that_comes_round_again_begins_empty()
    {
        var window = new LatencyWindow(_clock);
        window.Add(1);
        _clock.Advance(TimeSpan.FromSeconds(60));

        window.Add(0.001);

        Assert.InRange(window.Quantile(1)!.Value, 0.001, 0.00113);
    }

    [Fact]
    public void Each_bucket_ends_where_the_next_begins()
    {
        for (var bucket = 0; bucket < 200; bucket++)
        {
            var edge = LatencyWindow.UpperEdge(bucket);

            Assert.Equal(bucket, LatencyWindow.BucketOf(edge - 1));
            Assert.Equal(bucket + 1, LatencyWindow.BucketOf(edge));
        }
    }

    [Fact]
    public void What_is_out_of_range_counts_at_its_end()
    {
        Assert.Equal(0, LatencyWindow.BucketOf(-5));
        Assert.Equal(223, LatencyWindow.BucketOf(long.MaxValue));
    }
}
