using System.Buffers.Binary;

namespace OrleansCache;

/// <summary>
/// Records as bytes. A front of <see cref="RecordStamp.Length"/> bytes (format, kind, epoch, operation id, version, checksum), a mask of
/// the fields that differ from their defaults, those fields in the mask's order, then the value to the end. Numbers are big-endian,
/// lengths are varints of seven bits, text is UTF-8.
/// </summary>
internal static class EntryRecordCodec
{
    /// <exception cref="ArgumentException">A negative epoch or version, or an unpaired surrogate in text.</exception>
    public static byte[] Encode(EntryRecord record)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(record.Epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(record.Version);
        var fields = FieldsOf(record);
        var length = new RecordFieldWriter([], measureOnly: true);
        WriteBody(record, fields, ref length);

        var bytes = new byte[RecordStamp.Length + length.Position];
        bytes[0] = RecordStamp.Format;
        bytes[RecordStamp.KindOffset] = (byte)record.Kind;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(RecordStamp.EpochOffset), record.Epoch);
        record.OperationId.TryWriteBytes(bytes.AsSpan(RecordStamp.OperationOffset), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(RecordStamp.VersionOffset), record.Version);
        var body = new RecordFieldWriter(bytes.AsSpan(RecordStamp.Length));
        WriteBody(record, fields, ref body);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(RecordStamp.ChecksumOffset), Checksum(bytes));
        return bytes;
    }

    /// <exception cref="RecordFormatException">Another format, an unknown kind or field, a wrong checksum, or not one whole record.</exception>
    public static EntryRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var stamp = RecordStamp.Read(bytes);
        if (Checksum(bytes) != BinaryPrimitives.ReadUInt32BigEndian(bytes[RecordStamp.ChecksumOffset..]))
            throw new RecordFormatException("The stored record's checksum is wrong. It is damaged.");
        var kind = (RecordKind)bytes[RecordStamp.KindOffset];
        if (kind > RecordKind.Removed)
            throw new RecordFormatException($"The stored record is of kind {(byte)kind}, which this version does not know.");

        var reader = new RecordFieldReader(bytes[RecordStamp.Length..]);
        var fields = (RecordFields)reader.Varint();
        if ((fields & ~RecordFields.All) != 0)
            throw new RecordFormatException($"The stored record has fields 0x{(ulong)(fields & ~RecordFields.All):x} that this version does not know.");
        return new()
        {
            Kind = kind,
            Epoch = stamp.Epoch,
            OperationId = stamp.OperationId,
            Version = stamp.Version,
            Dirty = fields.HasFlag(RecordFields.Dirty),
            ContentType = fields.HasFlag(RecordFields.ContentType) ? reader.Text() : null,
            Encoding = fields.HasFlag(RecordFields.Encoding) ? reader.Text() : null,
            LastRetrieved = fields.HasFlag(RecordFields.LastRetrieved) ? reader.Number() : 0,
            LastModified = fields.HasFlag(RecordFields.LastModified) ? reader.Number() : 0,
            FreshUntil = fields.HasFlag(RecordFields.FreshUntil) ? reader.Number() : long.MaxValue,
            StaleUntil = fields.HasFlag(RecordFields.StaleUntil) ? reader.Number() : long.MaxValue,
            ExpiresAt = fields.HasFlag(RecordFields.ExpiresAt) ? reader.Number() : long.MaxValue,
            SlidingSpan = fields.HasFlag(RecordFields.SlidingSpan) ? reader.Number() : 0,
            Tags = fields.HasFlag(RecordFields.Tags) ? reader.Texts() : [],
            Born = fields.HasFlag(RecordFields.Born) ? reader.Number() : 0,
            LogGeneration = fields.HasFlag(RecordFields.LogGeneration) ? reader.Number() : 0,
            OriginETag = fields.HasFlag(RecordFields.OriginETag) ? reader.Text() : null,
            OriginLastModified = fields.HasFlag(RecordFields.OriginLastModified) ? reader.Text() : null,
            Source = fields.HasFlag(RecordFields.Source) ? reader.Text() : null,
            SourceSequence = fields.HasFlag(RecordFields.SourceSequence) ? reader.Number() : 0,
            UnreadCount = fields.HasFlag(RecordFields.UnreadCount) ? (int)reader.Number() : 0,
            Past = new(
                fields.HasFlag(RecordFields.PastChanges) ? reader.Operations() : default,
                fields.HasFlag(RecordFields.PastForgotten) ? reader.Number() : 0),
            OriginVersion = fields.HasFlag(RecordFields.OriginVersion) ? reader.Text() : null,
            Bytes = reader.Rest(),
        };
    }

    private static void WriteBody(EntryRecord record, RecordFields fields, ref RecordFieldWriter writer)
    {
        writer.Varint((ulong)fields);
        writer.Text(record.ContentType);
        writer.Text(record.Encoding);
        writer.Number(record.LastRetrieved, unless: 0);
        writer.Number(record.LastModified, unless: 0);
        writer.Number(record.FreshUntil, unless: long.MaxValue);
        writer.Number(record.StaleUntil, unless: long.MaxValue);
        writer.Number(record.ExpiresAt, unless: long.MaxValue);
        writer.Number(record.SlidingSpan, unless: 0);
        writer.Texts(record.Tags);
        writer.Number(record.Born, unless: 0);
        writer.Number(record.LogGeneration, unless: 0);
        writer.Text(record.OriginETag);
        writer.Text(record.OriginLastModified);
        writer.Text(record.Source);
        writer.Number(record.SourceSequence, unless: 0);
        writer.Number(record.UnreadCount, unless: 0);
        writer.Operations(record.Past.Known);
        writer.Number(record.Past.ForgottenAt, unless: 0);
        writer.Text(record.OriginVersion);
        writer.Raw(record.Bytes);
    }

    private static RecordFields FieldsOf(EntryRecord record)
    {
        var fields = RecordFields.None;
        Add(record.Dirty, RecordFields.Dirty);
        Add(record.ContentType is not null, RecordFields.ContentType);
        Add(record.Encoding is not null, RecordFields.Encoding);
        Add(record.LastRetrieved != 0, RecordFields.LastRetrieved);
        Add(record.LastModified != 0, RecordFields.LastModified);
        Add(record.FreshUntil != long.MaxValue, RecordFields.FreshUntil);
        Add(record.StaleUntil != long.MaxValue, RecordFields.StaleUntil);
        Add(record.ExpiresAt != long.MaxValue, RecordFields.ExpiresAt);
        Add(record.SlidingSpan != 0, RecordFields.SlidingSpan);
        Add(!record.Tags.IsDefaultOrEmpty, RecordFields.Tags);
        Add(record.Born != 0, RecordFields.Born);
        Add(record.LogGeneration != 0, RecordFields.LogGeneration);
        Add(record.OriginETag is not null, RecordFields.OriginETag);
        Add(record.OriginLastModified is not null, RecordFields.OriginLastModified);
        Add(record.Source is not null, RecordFields.Source);
        Add(record.SourceSequence != 0, RecordFields.SourceSequence);
        Add(record.UnreadCount != 0, RecordFields.UnreadCount);
        Add(!record.Past.Known.IsDefaultOrEmpty, RecordFields.PastChanges);
        Add(record.Past.ForgottenAt != 0, RecordFields.PastForgotten);
        Add(record.OriginVersion is not null, RecordFields.OriginVersion);
        return fields;

        void Add(bool present, RecordFields field) => fields |= present ? field : RecordFields.None;
    }

    private static uint Checksum(ReadOnlySpan<byte> record) => Crc32C.Of(
        record[..RecordStamp.EpochOffset],
        record[RecordStamp.OperationOffset..RecordStamp.ChecksumOffset],
        record[RecordStamp.Length..]);
}

/// <summary>Fields that a record holds beside its front. Their bits are the format: only ever add.</summary>
[Flags]
internal enum RecordFields : uint
{
    None = 0,
    Dirty = 1 << 0,
    ContentType = 1 << 1,
    Encoding = 1 << 2,
    LastRetrieved = 1 << 3,
    LastModified = 1 << 4,
    FreshUntil = 1 << 5,
    StaleUntil = 1 << 6,
    ExpiresAt = 1 << 7,
    SlidingSpan = 1 << 8,
    Tags = 1 << 9,
    Born = 1 << 10,
    LogGeneration = 1 << 11,
    OriginETag = 1 << 12,
    OriginLastModified = 1 << 13,
    Source = 1 << 14,
    SourceSequence = 1 << 15,
    UnreadCount = 1 << 16,
    PastChanges = 1 << 17,
    PastForgotten = 1 << 18,
    OriginVersion = 1 << 19,
    All = (OriginVersion << 1) - 1,
}
