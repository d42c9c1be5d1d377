using System.Buffers.Binary;
using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Between an entry in memory and its stored record.</summary>
internal static class Records
{
    public static EntryRecord Of(EntryContent content, long freshUntil, long staleUntil, long epoch) => new()
    {
        Kind = content.Value.IsAbsent ? RecordKind.Absent : RecordKind.Value,
        Epoch = epoch,
        OperationId = content.IsRenewed ? Renewed(content, freshUntil) : content.OperationId,
        Version = content.Version,
        ContentType = content.Value.ContentType,
        Encoding = content.Value.Encoding,
        Bytes = content.Value.Bytes,
        LastRetrieved = content.Value.LastRetrieved,
        LastModified = content.Value.LastModified,
        FreshUntil = freshUntil,
        StaleUntil = staleUntil,
        SlidingSpan = content.SlidingSpan,
        Tags = content.Tags,
        Born = content.Value.Born,
        LogGeneration = content.LogGeneration,
        OriginETag = content.OriginETag,
        OriginLastModified = content.OriginLastModified,
        OriginVersion = content.OriginVersion,
        ExpiresAt = staleUntil,
    };

    public static EntryContent ContentOf(EntryRecord record) => new()
    {
        Value = new()
        {
            Bytes = record.Bytes,
            ContentType = EntryContent.Shared(record.ContentType),
            Encoding = record.Encoding,
            IsAbsent = record.Kind == RecordKind.Absent,
            Version = record.Version,
            LastRetrieved = record.LastRetrieved,
            LastModified = record.LastModified,
            Born = record.Born,
            Tags = record.Tags.IsDefault ? [] : record.Tags,
        },
        OperationId = record.OperationId,
        LogGeneration = record.LogGeneration,
        SlidingSpan = record.SlidingSpan,
        SavedFreshUntil = record.FreshUntil,
        Replaced = true,
        OriginETag = record.OriginETag,
        OriginLastModified = record.OriginLastModified,
        OriginVersion = record.OriginVersion,
    };

    public static EntryRecord Removed(Guid operationId, long version, long epoch, long now) => new()
    {
        Kind = RecordKind.Removed,
        Epoch = epoch,
        OperationId = operationId,
        Version = version,
        ExpiresAt = EntryLifetimes.Add(now, EntryLifetimes.FromSpan(EntryLifetimes.RemovalKept)),
    };

    /// <summary>Stands for a value that memory alone has, or that the origin may replace in somebody's turn.</summary>
    public static EntryRecord Mark(Guid turn, ImmutableArray<string> invalidates, long version, long epoch, long now) => new()
    {
        Kind = RecordKind.Value,
        Epoch = epoch,
        OperationId = turn,
        Version = version,
        Dirty = true,
        Tags = invalidates,
        ExpiresAt = EntryLifetimes.Add(now, EntryLifetimes.FromSpan(EntryLifetimes.RemovalKept)),
    };

    /// <summary>The record also tells how far the source was heard, and is kept for that.</summary>
    public static EntryRecord Telling(this EntryRecord record, SourceMark? heard) => heard is null ? record : record with
    {
        Source = heard.Source,
        SourceSequence = heard.Sequence,
        ExpiresAt = EntryLifetimes.Add(record.ExpiresAt, EntryLifetimes.FromSpan(SourceMark.Kept)),
    };

    public static SourceMark? HeardOf(EntryRecord record) => record.Source is { } source ? new(source, record.SourceSequence) : null;

    /// <summary>A store takes the same operation at the same version for a repetition, so each renewal of the clocks has an id of its own.</summary>
    private static Guid Renewed(EntryContent content, long freshUntil)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(id, freshUntil);
        BinaryPrimitives.WriteInt64LittleEndian(id[8..], content.Value.LastRetrieved);
        return new(id);
    }
}
