using OrleansCache.TestSupport;

namespace OrleansCache.Ownership.Tests;

public class SampledClusterClockTests
{
    private const long Shown = 1_767_225_600_000_000;
    private readonly ManualTimeProvider _time = new();
    private readonly SampledClusterClock _clock;

    public SampledClusterClockTests() => _clock = new(_time);

    [Fact]
    public void Time_lies_within_half_the_round_trip_of_the_sample_and_a_hundredth_of_its_age()
    {
        Sample(Shown, roundTrip: 1000);

        Assert.Equal((Shown + 1000 + 505, Shown + 1000 - 505), (_clock.Now, _clock.Earliest));
    }

    [Fact]
    public void The_error_grows_by_a_hundredth_of_the_samples_age()
    {
        Sample(Shown, roundTrip: 0);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((Shown + 1_010_000, Shown + 990_000), (_clock.Now, _clock.Earliest));
    }

    [Fact]
    public void Without_samples_time_runs_ahead_by_30_milliseconds_at_most()
    {
        Sample(Shown, roundTrip: 0);

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(Shown + 3_600_000_000 + 30_000, _clock.Now);
    }

    [Fact]
    public void Time_never_falls_when_a_better_sample_comes()
    {
        Sample(Shown, roundTrip: 100_000);
        var before = _clock.Now;

        Sample(Shown + 50_000, roundTrip: 0);

        Assert.Equal(before, _clock.Now);
        Assert.Equal(Shown + 50_000, _clock.Earliest);
    }

    [Fact]
    public void A_worse_sample_is_not_taken()
    {
        Sample(Shown, roundTrip: 0);

        Sample(Shown + 5_000, roundTrip: 10_000);

        Assert.Equal(Shown + 10_000 + 100, _clock.Now);
    }

    [Fact]
    public void A_clock_that_was_set_back_is_not_followed()
    {
        Sample(Shown, roundTrip: 0);

        Assert.False(_clock.Add(_clock.Timestamp(), Shown - 3_600_000_000, _clock.Timestamp()));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Shown + 1000 + 10, _clock.Now);
    }

    [Fact]
    public void A_clock_that_was_set_on_is_followed_at_once()
    {
        Sample(Shown, roundTrip: 0);

        Assert.True(Sample(Shown + 3_600_000_000, roundTrip: 0));

        Assert.Equal(Shown + 3_600_000_000, _clock.Now);
    }

    [Fact]
    public async Task Commit_wait_lasts_until_the_instant_has_passed_for_certain()
    {
        Sample(Shown, roundTrip: 0);
        _time.Advance(TimeSpan.FromSeconds(1));
        var version = _clock.Now;

        var wait = _clock.PassedAsync(version, TestContext.Current.CancellationToken).AsTask();
        Assert.False(wait.IsCompleted);
        await Eventually.TrueAsync(() => { _time.Advance(TimeSpan.FromMilliseconds(1)); return wait.IsCompleted; }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(_clock.Earliest >= version);
    }

    private bool Sample(long shown, long roundTrip)
    {
        var sentAt = _clock.Timestamp();
        _time.Advance(TimeSpan.FromMicroseconds(roundTrip));
        return _clock.Add(sentAt, shown + (roundTrip / 2), _clock.Timestamp());
    }
}
