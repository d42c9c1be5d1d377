using System.Buffers.Binary;

namespace OrleansCache;

/// <summary>
/// The front of a record in a log file, little-endian: checksum of the front, checksum of the body, expiry, body length, key length,
/// flags, mark. The body is the key in UTF-8 and the payload.
/// </summary>
/// <param name="BodyChecksum">CRC-32C of the body.</param>
/// <param name="ExpiresAt">In microseconds of cluster time; <see cref="long.MaxValue"/> for never.</param>
/// <param name="BodyLength">In bytes.</param>
/// <param name="KeyLength">In bytes, of the body's.</param>
/// <param name="IsTwin">Another key of the same hash was in the log when this was written: keys must be compared when hashes are equal.</param>
internal readonly record struct LogRecordHeader(uint BodyChecksum, long ExpiresAt, int BodyLength, ushort KeyLength, bool IsTwin)
{
    public const int Length = 24;
    private const byte Mark = 0xc1;
    private const byte TwinFlag = 1;

    public int RecordLength => Length + BodyLength;

    public int PayloadLength => BodyLength - KeyLength;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], BodyChecksum);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], ExpiresAt);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], BodyLength);
        BinaryPrimitives.WriteUInt16LittleEndian(target[20..], KeyLength);
        target[22] = IsTwin ? TwinFlag : (byte)0;
        target[23] = Mark;
        BinaryPrimitives.WriteUInt32LittleEndian(target, Crc32C.Of(target[4..Length]));
    }

    /// <summary>False when the bytes are no undamaged front.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out LogRecordHeader header)
    {
        header = default;
        if (source[23] != Mark || BinaryPrimitives.ReadUInt32LittleEndian(source) != Crc32C.Of(source[4..Length]))
            return false;
        header = new(
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[20..]),
            (source[22] & TwinFlag) != 0);
        return header.BodyLength >= header.KeyLength;
    }
}
