namespace OrleansCache.TestSupport;

/// <summary>
/// A clock that moves only when told to. Timers fire inside <see cref="Advance"/>, on its caller's thread, in the order in which
/// they fall due, each seeing the instant at which it was due. Thread-safe.
/// </summary>
public sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _ticks;
    private TimeSpan _wallShift;
    private long _order;

    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers wait to fire: a test waits for this before it advances.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
                return _timers.Count;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return start + new TimeSpan(_ticks) + _wallShift;
    }

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves both clocks on and fires what falls due, periodic timers as often as they are due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (_lock)
            end = _ticks + by.Ticks;
        while (TakeDue(end) is { } timer)
            timer.Fire();
    }

    /// <summary>Steps the wall clock alone, as an operator or NTP does; timestamps and timers do not notice.</summary>
    public void ShiftWallClock(TimeSpan by)
    {
        lock (_lock)
            _wallShift += by;
    }

    private ManualTimer? TakeDue(long end)
    {
        lock (_lock)
        {
            var due = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => (timer.DueAt, timer.Order));
            Interlocked.Exchange(ref _ticks, Math.Max(_ticks, due?.DueAt ?? end));
            if (due is null)
                return null;
            if (due.Period > TimeSpan.Zero)
                (due.DueAt, due.Order) = (due.DueAt + due.Period.Ticks, _order++);
            else
                _timers.Remove(due);
            return due;
        }
    }

    private bool Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (timer.IsDisposed)
                return false;
            if (dueTime == Timeout.InfiniteTimeSpan)
                return true;
            (timer.DueAt, timer.Period, timer.Order) = (_ticks + dueTime.Ticks, period, _order++);
            _timers.Add(timer);
        }
        if (dueTime <= TimeSpan.Zero)
            Advance(TimeSpan.Zero);
        return true;
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueAt { get; set; }

        public long Order { get; set; }

        public TimeSpan Period { get; set; }

        public bool IsDisposed { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Schedule(this, dueTime, period);

        public void Dispose()
        {
            lock (clock._lock)
            {
                IsDisposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
