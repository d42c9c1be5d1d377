namespace OrleansCache;

/// <summary>The limiter's rules: several sliding windows, two classes of waiters, pauses, and permits recorded before they are given.</summary>
/// <remarks>No clock, no store: instants are given, in microseconds of one clock that never falls.</remarks>
internal sealed class LimiterRules
{
    /// <summary>Waiters in both classes together; who comes when it is full is refused.</summary>
    public const int MaxWaiting = 4_096;

    /// <summary>A waiter is called back at least this often, in microseconds, so that one who is gone does not hold a place for long.</summary>
    public const long LongestWait = 1_000_000;

    private readonly WaitingLine _line = new();
    private long _pausedUntil;

    public LimiterRules(RateLimits limits) => Apply(limits);

    public RateLimits Limits { get; private set; }

    public PermitWindows Windows { get; } = new();

    public PermitReserve Reserve { get; } = new();

    /// <summary>Nothing is granted before this instant.</summary>
    public long PausedUntil => _pausedUntil;

    public int ForegroundWaiting => _line.ForegroundCount;

    public int BackgroundWaiting => _line.BackgroundCount;

    /// <summary>True when the next record should be on its way before anybody must wait for it.</summary>
    public bool ShouldRecordAhead => Reserve.Remaining <= Limits.Chunk / 2;

    /// <summary>Other limits from now on: what was granted stays counted, who waits keeps the place.</summary>
    public void Apply(RateLimits limits)
    {
        Limits = limits;
        Windows.Apply(limits);
        _line.BackgroundShare = limits.BackgroundShare;
    }

    /// <summary>Grants nothing for a while; a shorter pause than the one that runs changes nothing.</summary>
    public void Pause(long now, long duration) => _pausedUntil = Math.Max(_pausedUntil, now + duration);

    public PermitDecision Acquire(in PermitRequest request, long now)
    {
        _line.DropLate(now);
        if (request.WaitMilliseconds < 0)
        {
            _line.Remove(request.Ticket, request.Background);
            return default;
        }

        var ahead = _line.Ahead(request.Ticket, request.Background);
        var at = Windows.FreeAt(ahead, Math.Max(now, _pausedUntil));
        if (at <= now)
            return Take(request, now);

        var wait = at - now;
        if (wait > request.WaitMilliseconds * 1_000L || !MayWait(request))
        {
            _line.Remove(request.Ticket, request.Background);
            return new(PermitDecisionKind.Refused, wait);
        }

        wait = Math.Min(wait, LongestWait);
        _line.Keep(request.Ticket, request.Background, now + wait);
        return new(PermitDecisionKind.Wait, wait);
    }

    /// <summary>A permit is free but can't be recorded yet: the caller keeps its place, if it will wait that long.</summary>
    public PermitDecision Postpone(in PermitRequest request, long now, long wait)
    {
        if (wait > request.WaitMilliseconds * 1_000L || !MayWait(request))
        {
            _line.Remove(request.Ticket, request.Background);
            return new(PermitDecisionKind.Refused, wait);
        }

        _line.Keep(request.Ticket, request.Background, now + wait);
        return new(PermitDecisionKind.Wait, wait);
    }

    private PermitDecision Take(in PermitRequest request, long now)
    {
        if (!Reserve.TryTake())
            return new(PermitDecisionKind.MustRecord);
        Windows.Add(now);
        _line.Served(request.Ticket, request.Background);
        return new(PermitDecisionKind.Granted);
    }

    private bool MayWait(in PermitRequest request) =>
        request.Ticket != Guid.Empty && (_line.Count < MaxWaiting || _line.Contains(request.Ticket, request.Background));
}
