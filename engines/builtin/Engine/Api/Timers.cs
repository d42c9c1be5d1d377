namespace OrleansCache.Engine;

/// <summary>A timer of a grain: its ticks are turns of the grain. Disposing it ends it.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets both times anew.</summary>
    /// <param name="dueTime">Time to the next tick, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="period">From the end of a tick to the next, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>How a grain's timer ticks.</summary>
public readonly struct GrainTimerCreationOptions()
{
    /// <summary>With both times.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this() => (DueTime, Period) = (dueTime, period);

    /// <summary>Time to the first tick, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>From the end of a tick to the next, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Ticks interleave with requests. Otherwise a tick waits its turn like a request.</summary>
    public bool Interleave { get; init; }

    /// <summary>A tick counts as use: it puts off the collection of the idle grain.</summary>
    public bool KeepAlive { get; init; }
}
