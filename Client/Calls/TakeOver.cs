namespace OrleansCache;

/// <summary>Whether a silo that refuses for want of proof or store is worth waiting for: another may soon have its keys. Thread-safe.</summary>
/// <remarks>When nobody took over in time, all are taken to be concerned, also where that was not heard: from then on callers hear of it at once.</remarks>
internal sealed class TakeOver(TimeProvider clock)
{
    /// <summary>Two leases and a second: one for the silo to lose its right, one for the others to see that, and for this process to hear of it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(7);

    /// <summary>What a try must have left: a silo looks two seconds for its proof before it refuses, and a try that is cut short leaves open
    /// what became of a change.</summary>
    public static readonly TimeSpan Try = TimeSpan.FromSeconds(3);

    /// <summary>Who was not refused for so long is refused by another fault.</summary>
    public static readonly TimeSpan Apart = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private long _view = -1;
    private long _first;
    private long _last;

    /// <summary>Notes a refusal.</summary>
    /// <param name="view">By which the call went there; a newer one is a new hope.</param>
    public bool MayCome(long view)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            if (view != _view || clock.GetElapsedTime(_last, now) >= Apart)
                (_view, _first) = (view, now);
            _last = now;
            return clock.GetElapsedTime(_first, now) < Longest;
        }
    }
}
