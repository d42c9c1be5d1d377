using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>An entry as it is stored. Instants are microseconds of cluster time; 0 for none, <see cref="long.MaxValue"/> for never.</summary>
internal sealed record EntryRecord
{
    public RecordKind Kind { get; init; }

    /// <summary>The owner epoch: the view number in which the writing silo gained the key.</summary>
    public long Epoch { get; init; }
    public Guid OperationId { get; init; }
    public long Version { get; init; }
    public string? ContentType { get; init; }
    public string? Encoding { get; init; }
    public byte[] Bytes { get; init; } = [];
    public long LastRetrieved { get; init; }
    public long LastModified { get; init; }
    public long FreshUntil { get; init; } = long.MaxValue;
    public long StaleUntil { get; init; } = long.MaxValue;

    /// <summary>Microseconds by which each read moves the end of fresh time; 0 for none.</summary>
    public long SlidingSpan { get; init; }

    /// <summary>The value's; of a mark those that the turn to write invalidates when it ends.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];
    public long Born { get; init; }

    /// <summary>The generation of the tag log that <see cref="Born"/> counts in.</summary>
    public long LogGeneration { get; init; }

    /// <summary>The origin's validators for a conditional request.</summary>
    public string? OriginETag { get; init; }
    public string? OriginLastModified { get; init; }

    /// <summary>The origin's version that the value belongs to.</summary>
    public string? OriginVersion { get; init; }

    /// <summary>Who sent the last change by event, and its sequence there; null and 0 for none.</summary>
    public string? Source { get; init; }
    public long SourceSequence { get; init; }

    /// <summary>Changes before the last one that may be repeated.</summary>
    public PastOperations Past { get; init; }

    /// <summary>Memory holds something newer, lost if this silo dies: what is read after a crash is a miss.</summary>
    public bool Dirty { get; init; }

    /// <summary>Periods in a row in which nobody read the entry.</summary>
    public int UnreadCount { get; init; }

    /// <summary>When the store may forget the record, in microseconds of cluster time; <see cref="long.MaxValue"/> for never.</summary>
    public long ExpiresAt { get; init; } = long.MaxValue;
}

/// <summary>What a record says of its key.</summary>
internal enum RecordKind : byte
{
    /// <summary>An epoch alone: somebody owns the key, and nothing is there.</summary>
    Claim = 0,
    Value = 1,

    /// <summary>The origin has no such thing, and that is cached.</summary>
    Absent = 2,

    /// <summary>Removed: keeps epoch, operation id and version for an hour.</summary>
    Removed = 3,
}
