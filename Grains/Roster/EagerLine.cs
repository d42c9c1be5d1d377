namespace OrleansCache;

/// <summary>The eager keys of one integration in this silo: each has its turn when it is due, some at a time.</summary>
/// <param name="room">How many may have their turn at once.</param>
/// <param name="turn">Gives a key its turn.</param>
/// <param name="list">Told of each key that came, or whose turns are over, in the order in which that was. Quick.</param>
/// <param name="time">The clock.</param>
internal sealed class EagerLine(Func<int> room, Func<string, Task<EagerReply>> turn, Action<string, bool> list, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly EagerSchedule _schedule = new();
    private readonly NextChange _changed = new();
    private int _running;

    public void Plan(string key, TimeSpan dueIn, bool isListed = false)
    {
        lock (_gate)
        {
            if (_schedule.Plan(key, After(dueIn)) && !isListed)
                list(key, true);
            _changed.Happened();
        }
    }

    public string[] Keys()
    {
        lock (_gate)
            return [.. _schedule.Keys];
    }

    /// <summary>Gives turns until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            string? key;
            TimeSpan pause;
            Task changed;
            lock (_gate)
            {
                var hasRoom = _running < room();
                key = hasRoom ? _schedule.Take(time.GetTimestamp()) : null;
                if (key is not null)
                    _running++;
                pause = hasRoom && _schedule.Next is { } next ? Until(next) : Timeout.InfiniteTimeSpan;
                changed = _changed.Task;
            }

            if (key is not null)
                _ = GiveTurnAsync(key);
            else
                await changed.WaitAsync(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task GiveTurnAsync(string key)
    {
        var end = await turn(key).ConfigureAwait(false);
        lock (_gate)
        {
            _running--;
            if (end.Status == EagerStatus.Due)
                _schedule.End(key, After(TimeSpan.FromMilliseconds(end.DueMilliseconds)));
            else if (_schedule.Forget(key) && end.Status == EagerStatus.Over)
                list(key, false);
            _changed.Happened();
        }
    }

    private long After(TimeSpan span) => time.GetTimestamp() + (long)(Math.Max(0, span.TotalSeconds) * time.TimestampFrequency);

    /// <summary>At least a millisecond, so that a timer that ends early is no busy loop; at most a day, as no timer takes fifty.</summary>
    private TimeSpan Until(long due) =>
        TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling((due - time.GetTimestamp()) * 1000.0 / time.TimestampFrequency), 1, TimeSpan.MillisecondsPerDay));
}
