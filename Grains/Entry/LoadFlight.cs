namespace OrleansCache;

/// <summary>A load and those who wait for it.</summary>
internal sealed class LoadFlight(LoadLease load, Guid holder, string? limiter, long began)
{
    private readonly TaskCompletionSource<LoadAnswer> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HashSet<Guid>? _asked;

    public LoadLease Load => load;

    /// <summary>The call that began it, or that holds its lease now.</summary>
    public Guid Holder { get; set; } = holder;

    public string? Limiter => limiter;

    /// <summary>The origin's version that its holder goes by; its result is one of that version.</summary>
    public string? OriginVersion { get; set; }

    /// <summary>False for a reader who goes by another version: a result of this one is not theirs.</summary>
    public bool IsFor(in VersionWanted wanted) => wanted.Version is null || wanted.Version == OriginVersion;

    /// <summary>Keeps this load's place with the limiter over many askings.</summary>
    public Guid PermitTicket { get; } = limiter is null ? Guid.Empty : Guid.NewGuid();

    /// <summary>When the limiter was first asked, as a timestamp; 0 before.</summary>
    public long SeekingSince { get; set; }

    /// <summary>True while one call asks the limiter for this load's permit.</summary>
    public bool IsSeeking { get; set; }

    /// <summary>True once a caller has the lease.</summary>
    public bool IsGranted { get; set; }
    public CancellationTokenSource? Cancellation { get; set; }
    public Task<LoadAnswer> Done => _done.Task;

    /// <summary>As a timestamp: of what was acknowledged before, its answer knows. Its begin, until its result met a state that nothing had changed.</summary>
    public long DecidedAt { get; set; } = began;

    /// <summary>When it ended, in cluster time.</summary>
    public long EndedAt { get; private set; }
    public bool WasAsked => _asked is not null;

    public bool IsHeldBy(Guid operation) => operation != Guid.Empty && operation == Holder;

    /// <summary>Remembers who was told to ask again, so that the answer waits for them.</summary>
    public void Remember(Guid operation)
    {
        if (operation != Guid.Empty && (_asked is null || _asked.Count < EntryLimits.MaxWaiters))
            (_asked ??= []).Add(operation);
    }

    public bool Remembers(Guid operation) => _asked?.Contains(operation) == true;

    public void End(LoadAnswer answer, long now)
    {
        EndedAt = now;
        _done.TrySetResult(answer);
    }
}

/// <summary>What those who waited for a load are told.</summary>
internal sealed record LoadAnswer
{
    /// <summary>Ended without an answer: ask anew.</summary>
    public static LoadAnswer GivenUp { get; } = new();

    public EntryValue? Value { get; init; }

    /// <summary>The result's tags, also of an absence.</summary>
    public ulong[] TagHashes { get; init; } = [];
    public bool Stored { get; init; }

    /// <summary>True when nothing can have been acknowledged between the load's begin and its end that the result does not know.</summary>
    public bool IsCurrent { get; init; }
    public string? Detail { get; init; }
    public LoadProblem? Problem { get; init; }
}
