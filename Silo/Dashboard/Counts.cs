namespace OrleansCache;

/// <summary>Reads by outcome, origin calls and permits. Thread-safe; each number is right, their sum may be a moment apart.</summary>
internal sealed class Counts
{
    private long _fresh, _stale, _loaded, _joined, _missed, _failed, _saved, _calls, _badCalls, _refused;

    public long Fresh => Interlocked.Read(ref _fresh);

    public long Stale => Interlocked.Read(ref _stale);

    public long Loaded => Interlocked.Read(ref _loaded);

    public long Joined => Interlocked.Read(ref _joined);

    public long Missed => Interlocked.Read(ref _missed);

    public long Failed => Interlocked.Read(ref _failed);

    public long Reads => Fresh + Stale + Loaded + Joined + Missed + Failed;

    /// <summary>Attempts that left for an origin, failed ones included; a call that an open breaker kept back never left.</summary>
    public long OriginCalls => Interlocked.Read(ref _calls);

    /// <summary>Of these, those without a usable answer.</summary>
    public long FailedCalls => Interlocked.Read(ref _badCalls);

    /// <summary>Permits that the rate limiter refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Reads of integrations that had a value without an origin call of their own: fresh, stale, or by a load that another made.</summary>
    public long Saved => Interlocked.Read(ref _saved);

    public void Add(string instrument, string? outcome, long value, bool declared)
    {
        switch (instrument)
        {
            case "orleanscache.entry.reads":
                Interlocked.Add(ref OfRead(outcome), value);
                if (declared && outcome is ("hit" or "stale" or "joined"))
                    Interlocked.Add(ref _saved, value);
                break;
            case "orleanscache.origin.calls" when outcome != "breaker_open":
                Interlocked.Add(ref _calls, value);
                if (outcome is "failed" or "timeout" or "refused")
                    Interlocked.Add(ref _badCalls, value);
                break;
            case "orleanscache.limiter.permits" when outcome == "refused":
                Interlocked.Add(ref _refused, value);
                break;
        }
    }

    private ref long OfRead(string? outcome)
    {
        switch (outcome)
        {
            case "hit":
                return ref _fresh;
            case "stale":
                return ref _stale;
            case "loaded":
                return ref _loaded;
            case "joined":
                return ref _joined;
            case "failed":
                return ref _failed;
            default:
                return ref _missed;
        }
    }
}
