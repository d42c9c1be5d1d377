namespace OrleansCache.Engine;

/// <summary>The time as of its last tick, which costs nothing to read; and the ticks, for those who look after deadlines.</summary>
internal sealed class DeadlineClock : IDisposable
{
    private const ulong Longest = uint.MaxValue;
    private readonly TimeProvider _time;
    private readonly ulong _period;
    private readonly ITimer _timer;
    private long _now;

    /// <param name="time">What it follows.</param>
    /// <param name="timeout">It ticks some twenty times in this span, every 10 to 250 ms.</param>
    public DeadlineClock(TimeProvider time, TimeSpan timeout)
    {
        (_time, _now, Timeout) = (time, time.GetTimestamp(), (ulong)timeout.TotalMilliseconds);
        _period = Math.Clamp(Timeout / 20, 10, 250);
        var period = TimeSpan.FromMilliseconds(_period);
        _timer = time.CreateTimer(static clock => ((DeadlineClock)clock!).Tick(), this, period, period);
    }

    public event Action? Ticked;

    /// <summary>How long calls of this process wait, in milliseconds.</summary>
    public ulong Timeout { get; }

    public long Now => Volatile.Read(ref _now);

    /// <summary>A deadline: this many milliseconds from now, and up to two ticks more.</summary>
    public long After(ulong milliseconds) =>
        Now + (long)((Math.Min(milliseconds, Longest) + _period) * (ulong)_time.TimestampFrequency / 1000);

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        Volatile.Write(ref _now, _time.GetTimestamp());
        Ticked?.Invoke();
    }
}
