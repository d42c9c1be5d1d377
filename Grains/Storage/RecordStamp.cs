using System.Buffers.Binary;

namespace OrleansCache;

/// <summary>What the write rule compares: the front of every stored record, at offsets that never move.</summary>
internal readonly record struct RecordStamp(long Epoch, Guid OperationId, long Version)
{
    /// <summary>The first byte of a record of this format.</summary>
    public const byte Format = 1;

    public const int KindOffset = 1;

    /// <summary>Big-endian, as are all numbers here; scripts in Redis read and raise it in place.</summary>
    public const int EpochOffset = 2;
    public const int OperationOffset = 10;
    public const int VersionOffset = 26;

    /// <summary>CRC-32C over everything but itself and the epoch, which is raised without it.</summary>
    public const int ChecksumOffset = 34;
    public const int Length = 38;

    /// <exception cref="RecordFormatException">Too short, or another format.</exception>
    public static RecordStamp Read(ReadOnlySpan<byte> record)
    {
        if (record.Length < Length)
            throw new RecordFormatException($"The stored record has {record.Length} bytes; a record has at least {Length}. It is damaged.");
        if (record[0] != Format)
        {
            throw new RecordFormatException(
                $"The stored record has format {record[0]}; this version reads format {Format}. Run the version that wrote it, or remove the record.");
        }
        return new(
            BinaryPrimitives.ReadInt64BigEndian(record[EpochOffset..]),
            new Guid(record.Slice(OperationOffset, 16), bigEndian: true),
            BinaryPrimitives.ReadInt64BigEndian(record[VersionOffset..]));
    }
}
