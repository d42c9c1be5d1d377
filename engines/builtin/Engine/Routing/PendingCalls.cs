namespace OrleansCache.Engine;

/// <summary>Calls that wait for an answer, by number. Those whose deadline has passed are given up.</summary>
internal sealed class PendingCalls
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, GrainRequest> _calls = [];
    private readonly DeadlineClock _clock;
    private uint _last;

    public PendingCalls(DeadlineClock clock)
    {
        _clock = clock;
        _clock.Ticked += Sweep;
    }

    public int Count => _calls.Count;

    /// <summary>Gives the call a number, and a deadline unless it has one.</summary>
    public void Add(GrainRequest call)
    {
        call.Pending?.Remove(call);
        if (call.Deadline == 0)
            call.Deadline = _clock.After(_clock.Timeout);
        call.Pending = this;
        lock (_gate)
            _calls.Add(call.CallId = ++_last, call);
    }

    /// <summary>Takes a call out; null when it is not there any more.</summary>
    public GrainRequest? Take(uint number)
    {
        using var scope = _gate.EnterScope();
        _calls.Remove(number, out var call);
        call?.Pending = null;
        return call;
    }

    public void Remove(GrainRequest call) => Take(call.CallId);

    /// <summary>Ends the watch over the calls that still wait, which are returned.</summary>
    public GrainRequest[] Close()
    {
        _clock.Ticked -= Sweep;
        return TakeAll(static (_, _) => true);
    }

    private void Sweep()
    {
        foreach (var call in TakeAll(static (call, now) => call.Deadline <= now))
            call.Fail(new TimeoutException($"No answer to {call.Method} came within {TimeSpan.FromMilliseconds(_clock.Timeout)}."));
    }

    private GrainRequest[] TakeAll(Func<GrainRequest, long, bool> isWanted)
    {
        using var scope = _gate.EnterScope();
        if (_calls.Count == 0)
            return [];
        GrainRequest[] taken = [.. _calls.Values.Where(call => isWanted(call, _clock.Now))];
        foreach (var call in taken)
            _calls.Remove(call.CallId);
        return taken;
    }
}
