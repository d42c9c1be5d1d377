using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>A change that was accepted and is not published yet.</summary>
internal sealed record PendingChange
{
    /// <summary>The new value; null for a removal.</summary>
    public EntryContent? Content { get; init; }
    public long FreshUntil { get; init; }
    public long StaleUntil { get; init; }
    public long Version { get; init; }
    public Guid OperationId { get; init; }

    /// <summary>When it was accepted, in microseconds of cluster time.</summary>
    public long At { get; init; }
    public bool Existed { get; init; }

    /// <summary>How far the key has heard its source with this change; null when it has none.</summary>
    public SourceMark? Heard { get; init; }

    /// <summary>True for a change that came from the source: the store has it before it is acknowledged.</summary>
    public bool IsEvent { get; init; }

    /// <summary>The turn to write to the origin that it tells the store of; empty for a change.</summary>
    public Guid Turn { get; init; }

    /// <summary>Tags of what that turn makes out of date.</summary>
    public ImmutableArray<string> Invalidates { get; init; } = [];

    /// <summary>True for one that changes nothing, and tells the store that its value may be out of date soon.</summary>
    public bool IsDoubt => Turn != Guid.Empty;

    /// <summary>The number of the load that it came from; 0 for a write or removal.</summary>
    public int Load { get; init; }

    /// <summary>True for an activation's first change, which waits for its version to be past.</summary>
    public bool First { get; init; }
}

/// <summary>One operation on the store: it carries the last change of its batch and acknowledges all.</summary>
internal sealed record StoreJob
{
    public StoreJobKind Kind { get; init; }

    /// <summary>Empty for a flush.</summary>
    public ImmutableArray<PendingChange> Batch { get; init; } = [];

    /// <summary>What is remembered of earlier changes once it is done.</summary>
    public PastOperations Past { get; init; }

    /// <summary>What is written; null for <see cref="StoreJobKind.Nothing"/>.</summary>
    public EntryRecord? Record { get; init; }

    /// <summary>True when the batch waits for cluster time to pass its version.</summary>
    public bool CommitWait => Batch.Any(static c => c.First);
}

internal enum StoreJobKind : byte
{
    /// <summary>The store need not know before the batch is acknowledged.</summary>
    Nothing = 0,
    Value = 1,
    Removal = 2,

    /// <summary>Tells the store that its value is out of date.</summary>
    Mark = 3,

    /// <summary>Brings the store what memory already published.</summary>
    Flush = 4,
}
