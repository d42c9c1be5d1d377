namespace OrleansCache;

/// <summary>What runs for an entry just now. Dropped when nothing does.</summary>
internal sealed class EntryTasks
{
    /// <summary>Part of every load ticket: a ticket of a former activation is worth nothing.</summary>
    public Guid Activation => field != default ? field : field = Guid.NewGuid();

    /// <summary>The load that readers join, and older ones that were fenced off while callers still wait for them.</summary>
    public List<LoadFlight> Flights { get; } = [];

    /// <summary>Who waits for a change, by its version.</summary>
    public Dictionary<long, TaskCompletionSource<ChangeAck>> Acks { get; } = [];

    /// <summary>The last load that ended while callers had been told to ask again.</summary>
    public LoadFlight? Ended { get; set; }
    public Task? Reading { get; set; }
    public long ReadingSince { get; set; }

    /// <summary>The store is not asked again before this instant of cluster time.</summary>
    public long NextReadTry { get; set; }
    public Task? Pumping { get; set; }
    public bool FlushScheduled { get; set; }
    public int FlushFailures { get; set; }
    public int Waiters { get; set; }

    public bool IsIdle =>
        Flights.Count == 0 && Acks.Count == 0 && Ended is null && Reading is null && NextReadTry == 0 && Pumping is null && !FlushScheduled && Waiters == 0;
}

/// <summary>How a change ended.</summary>
internal enum ChangeAck : byte
{
    Unavailable = 0,
    Accepted = 1,
    NotOwner = 2,
}
