namespace OrleansCache.Engine;

/// <summary>A grain's timer. The clock's callback only asks for a turn; the period begins when a tick has ended.</summary>
internal sealed class GrainTimer : Turn, IGrainTimer
{
    private readonly Activation _owner;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _clock;
    private TimeSpan _next, _period;       // the wait after a tick that is under way, and those after that
    private bool _ticking, _disposed;

    public GrainTimer(Activation owner, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        (_owner, _callback, _options) = (owner, callback, options);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            _clock = owner.Runtime.Time.CreateTimer(static timer => ((GrainTimer)timer!).Due(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal override bool Interleaves => _options.Interleave;

    internal override bool IsExpired => _disposed;

    internal override bool KeepsAlive => _options.KeepAlive;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        lock (_ended)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            (_next, _period) = (dueTime, period);
            _clock.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_ended)
            _disposed = true;
        _clock.Dispose();
        _owner.RemoveTimer(this);
        _ended.Cancel();
    }

    internal override void Run(TurnQueue queue) => _ = TickAsync();

    internal override void Refuse(Exception error) => Rest();

    private void Due()
    {
        lock (_ended)
        {
            if (_ticking)
                return;
            (_ticking, _next) = (true, _period);
        }
        _owner.Submit(this, inline: false);
    }

    private async Task TickAsync()
    {
        try
        {
            await _callback(_ended.Token);
        }
        catch (Exception error)
        {
            if (!_disposed)
                _owner.Runtime.Log.TimerFailed(error, _owner.Type.Info.Name);
        }
        Rest();
        _owner.Ended(this);
    }

    private void Rest()
    {
        lock (_ended)
        {
            _ticking = false;
            _clock.Change(_next, Timeout.InfiniteTimeSpan);
        }
    }

    private static void Check(TimeSpan time, string name)
    {
        if (time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(name, time, "A timer's time is zero or more, or Timeout.InfiniteTimeSpan.");
    }
}
