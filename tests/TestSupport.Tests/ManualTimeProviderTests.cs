namespace OrleansCache.TestSupport;

public class ManualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Both_clocks_move_only_when_told()
    {
        var (wall, mark) = (_clock.GetUtcNow(), _clock.GetTimestamp());
        Assert.Equal(wall, _clock.GetUtcNow());

        _clock.Advance(Second);

        Assert.Equal(wall + Second, _clock.GetUtcNow());
        Assert.Equal(Second, _clock.GetElapsedTime(mark));
    }

    [Fact]
    public void A_shift_of_the_wall_clock_leaves_timestamps_and_timers_alone()
    {
        var (wall, mark, fired) = (_clock.GetUtcNow(), _clock.GetTimestamp(), false);
        using var timer = _clock.CreateTimer(_ => fired = true, null, Second, Timeout.InfiniteTimeSpan);

        _clock.ShiftWallClock(TimeSpan.FromHours(1));
        _clock.Advance(TimeSpan.Zero);

        Assert.Equal(wall.AddHours(1), _clock.GetUtcNow());
        Assert.Equal(mark, _clock.GetTimestamp());
        Assert.False(fired);
    }

    [Fact]
    public void Timers_fire_in_the_order_they_are_due_and_see_that_instant()
    {
        List<(string Name, DateTimeOffset At)> fired = [];
        var start = _clock.GetUtcNow();
        using var late = _clock.CreateTimer(_ => fired.Add(("late", _clock.GetUtcNow())), null, 3 * Second, Timeout.InfiniteTimeSpan);
        using var often = _clock.CreateTimer(_ => fired.Add(("often", _clock.GetUtcNow())), null, Second, 2 * Second);

        _clock.Advance(4 * Second);

        Assert.Equal([("often", start + Second), ("late", start + (3 * Second)), ("often", start + (3 * Second))], fired);
        Assert.Equal(start + (4 * Second), _clock.GetUtcNow());
    }

    [Fact]
    public void A_disposed_timer_does_not_fire_and_cannot_be_started_again()
    {
        var fired = 0;
        var timer = _clock.CreateTimer(_ => fired++, null, Second, Second);

        timer.Dispose();
        Assert.False(timer.Change(Second, Second));
        _clock.Advance(10 * Second);

        Assert.Equal(0, fired);
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public void A_timer_can_be_moved_from_its_own_callback()
    {
        var fired = 0;
        ITimer? timer = null;
        timer = _clock.CreateTimer(_ => { if (++fired < 3) timer!.Change(Second, Timeout.InfiniteTimeSpan); }, null, Second, Timeout.InfiniteTimeSpan);

        _clock.Advance(10 * Second);

        Assert.Equal(3, fired);
    }

    [Fact]
    public async Task Delays_and_cancellation_follow_the_clock()
    {
        var delay = Task.Delay(Second, _clock, TestContext.Current.CancellationToken);
        using var cancel = new CancellationTokenSource(2 * Second, _clock);
        Assert.False(delay.IsCompleted);

        _clock.Advance(Second);
        await delay;
        Assert.False(cancel.IsCancellationRequested);

        _clock.Advance(Second);
        Assert.True(cancel.IsCancellationRequested);
    }

    [Fact]
    public async Task Many_threads_may_use_it_at_once()
    {
        var fired = 0;

        await Parallel.ForEachAsync(Enumerable.Range(0, 1_000), TestContext.Current.CancellationToken, (_, _) =>
        {
            _clock.CreateTimer(_ => Interlocked.Increment(ref fired), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            return ValueTask.CompletedTask;
        });

        Assert.Equal(1_000, fired);
        Assert.Equal(0, _clock.ActiveTimers);
    }
}
