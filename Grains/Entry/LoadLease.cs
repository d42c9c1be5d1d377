namespace OrleansCache;

/// <summary>A load in flight and what was true when it began. Instants are microseconds of cluster time.</summary>
internal sealed record LoadLease
{
    public int Number { get; init; }

    /// <summary>True when a caller loads and must renew; a declared load ends by itself.</summary>
    public bool Leased { get; init; }
    public long LeaseUntil { get; init; }

    /// <summary>The entry's count of changes when it began.</summary>
    public int Changes { get; init; }

    /// <summary>The tag log's head and generation when it began.</summary>
    public long Born { get; init; }
    public long LogGeneration { get; init; }

    /// <summary>Cluster time when it began: the version of the first change of an activation, so that commit wait passes while the origin works.</summary>
    public long Stamp { get; init; }

    /// <summary>The version of the result while the store is getting it; 0 before.</summary>
    public long Storing { get; init; }

    public bool IsAlive(long now) => !Leased || Storing > 0 || now < LeaseUntil;
}

/// <summary>Failed loads in a row, and when the next one may begin while a stale value is there.</summary>
internal sealed record LoadFailure(LoadProblem Problem, int Count, long NextTry);
