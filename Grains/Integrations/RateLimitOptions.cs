namespace OrleansCache;

/// <summary>How often an integration may be called, by the whole cluster. Any subset of the windows; none below a shorter one.</summary>
public sealed class RateLimitOptions
{
    /// <summary>Calls in any sliding second, 1 to 1,000,000,000. So are the others.</summary>
    public long? PerSecond { get; set; }

    /// <summary>Calls in any sliding minute.</summary>
    public long? PerMinute { get; set; }

    /// <summary>Calls in any sliding hour.</summary>
    public long? PerHour { get; set; }

    /// <summary>Calls in any sliding day.</summary>
    public long? PerDay { get; set; }

    /// <summary>How long a call waits for a permit at most; zero to one hour.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What a call that somebody waits for does without a permit. Refreshes always wait up to <see cref="MaxWait"/> and then keep the old value.</summary>
    public OnMiss OnMiss { get; set; }

    /// <summary>0 to 1: the share of permits that waiting refreshes get at least, while misses wait too.</summary>
    public double BackgroundShare { get; set; } = 0.2;

    /// <summary>How much longer windows count than they are, zero to one second: by so much the way to the origin may delay one call more
    /// than the next without the origin seeing more than the limit.</summary>
    public TimeSpan Margin { get; set; } = TimeSpan.FromMilliseconds(50);
}
