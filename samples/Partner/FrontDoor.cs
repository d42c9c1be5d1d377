namespace OrleansCache.Samples;

/// <summary>What becomes of a call: it fails so, it must wait that long, or (neither) it is served.</summary>
internal readonly record struct Admission(Failure? Failure, TimeSpan Wait);

/// <summary>Counts, fails and limits arrivals under one lock, so that the log and the limit see the same instants in the same order.</summary>
internal sealed class FrontDoor(OriginClock clock, OriginLimit limit)
{
    public const int RememberedCalls = 100_000;

    private readonly Lock _lock = new();
    private readonly CallLog _calls = new(RememberedCalls);
    private readonly FailureSwitch _failures = new();

    public Failure? Failure
    {
        get
        {
            lock (_lock)
                return _failures.Current;
        }
        set
        {
            lock (_lock)
                _failures.Current = value;
        }
    }

    /// <summary>A failing call is not limited: while the switch is on, each call fails as it says and never by 429.</summary>
    public Admission Arrive(string path)
    {
        lock (_lock)
        {
            var now = clock.Now;
            _calls.Record(path, now);
            return _failures.Take() is { } failure ? new(failure, TimeSpan.Zero) : new(null, limit.TryTake(now));
        }
    }

    public SortedDictionary<string, PathCalls> Calls()
    {
        lock (_lock)
            return _calls.Snapshot();
    }

    public void ForgetCalls()
    {
        lock (_lock)
            _calls.Clear();
    }
}
