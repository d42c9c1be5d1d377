namespace OrleansCache;

/// <summary>How the entries of one region behave. Immutable; a changed configuration makes a new one.</summary>
internal sealed record RegionPolicy
{
    public required string Region { get; init; }
    public Coherence Coherence { get; init; }
    public Durability Durability { get; init; }

    /// <summary>Null: no end.</summary>
    public TimeSpan? FreshFor { get; init; }
    public TimeSpan StaleFor { get; init; }

    /// <summary>0 to 1: FreshFor × (1 − U[0, Jitter]).</summary>
    public double Jitter { get; init; }
    public TimeSpan AbsentFor { get; init; }
    public Strategy Strategy { get; init; }

    /// <summary>With <see cref="Strategy.Eager"/>: so many periods in a row that nobody read in end refreshes.</summary>
    public int UnreadPeriods { get; init; } = MethodOptions.DefaultUnreadPeriods;
    public WhenUnproven WhenUnproven { get; init; }

    /// <summary>The value before the last one is kept too, in memory, so that the difference can be told.</summary>
    public bool KeepPrevious { get; init; }
    public long? MaxEntries { get; init; }
    public long? MaxBytes { get; init; }

    /// <summary>The integration and method that load this region's keys; null for a plain region.</summary>
    public string? Integration { get; init; }
    public string? Method { get; init; }

    /// <summary>With <see cref="Strategy.Versioned"/>: where the version comes from.</summary>
    public VersionPolicy? Version { get; init; }
}

/// <summary>What a region promises of reads after writes.</summary>
public enum Coherence
{
    /// <summary>No read returns a value older than a write acknowledged before the read began. Needs <see cref="Durability.Through"/>.</summary>
    Strict = 0,

    /// <summary>Changes are pushed, nobody waits for them; memory answers while the store is away.</summary>
    Eventual = 1,

    /// <summary>Nothing is pushed.</summary>
    None = 2,
}

/// <summary>When a write is acknowledged.</summary>
public enum Durability
{
    /// <summary>After the store has it.</summary>
    Through = 0,

    /// <summary>From memory; the store has it soon. After a crash the answer is a miss, never an older value.</summary>
    Behind = 1,

    /// <summary>From memory only; after a crash the answer is a miss.</summary>
    None = 2,
}

/// <summary>What a strict read does on a silo that cannot prove its right.</summary>
public enum WhenUnproven
{
    /// <summary>Refuses the read.</summary>
    Refuse = 0,

    /// <summary>Answers with what memory has, as stale.</summary>
    Stale = 1,
}
