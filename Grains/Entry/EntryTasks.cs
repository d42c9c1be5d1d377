namespace OrleansCache;

/// <summary>What runs for an entry just now. Dropped when nothing does.</summary>
internal sealed class EntryTasks
{
    private List<LoadFlight>? _flights;
    private AckWait? _waits;
    private WriterLine? _writers;
    private TaskCompletionSource? _stepped;

    /// <summary>Part of every load ticket: a ticket of a former activation is worth nothing.</summary>
    public Guid Activation => field != default ? field : field = Guid.NewGuid();

    /// <summary>The load that readers join, and older ones that were fenced off while callers still wait for them.</summary>
    public List<LoadFlight> Flights => _flights ??= [];

    /// <summary>The last load that ended while callers had been told to ask again.</summary>
    public LoadFlight? Ended { get; set; }
    public Task? Reading { get; set; }
    public long ReadingSince { get; set; }

    /// <summary>The store is not asked again before this instant of cluster time.</summary>
    public long NextReadTry { get; set; }
    public Task? Pumping { get; set; }

    /// <summary>The question for the origin's version that readers share.</summary>
    public VersionQuestion? Question { get; set; }

    /// <summary>Turns to write to the origin.</summary>
    public WriterLine Writers => _writers ??= new();

    /// <summary>Who has that turn.</summary>
    public OriginWriter? Writer => _writers?.Current;
    public bool FlushScheduled { get; set; }
    public int FlushFailures { get; set; }
    public int Waiters { get; set; }

    /// <summary>Ends with the entry's next step. For those who watch it, who count among the waiters.</summary>
    public Task Stepped => (_stepped ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Wakes those who watch.</summary>
    public void Step()
    {
        _stepped?.TrySetResult();
        _stepped = null;
    }

    public bool IsIdle =>
        _flights is null or { Count: 0 } && _waits is null && Ended is null && Reading is null && NextReadTry == 0 && Pumping is null && Question is null && Writer is null && !FlushScheduled && Waiters == 0;

    /// <summary>Adds one who waits for a change.</summary>
    public void Add(AckWait wait) => (wait.Next, _waits) = (_waits, wait);

    public void Remove(AckWait wait)
    {
        AckWait? previous = null;
        for (var other = _waits; other is not null; (previous, other) = (other, other.Next))
        {
            if (other != wait)
                continue;
            if (previous is null)
                _waits = wait.Next;
            else
                previous.Next = wait.Next;
            return;
        }
    }

    /// <summary>Tells those who wait for the change; they go on in later turns.</summary>
    public void Acknowledge(long version, ChangeAck ack)
    {
        for (var wait = _waits; wait is not null; wait = wait.Next)
            if (wait.Version == version)
                wait.End(ack);
    }
}

/// <summary>How a change ended.</summary>
internal enum ChangeAck : byte
{
    Unavailable = 0,
    Accepted = 1,
    NotOwner = 2,

    /// <summary>The store may have it or not.</summary>
    Unknown = 3,
}
