using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OrleansCache;

/// <summary>What a data folder remembers of its owners. <c>default</c> is a new folder.</summary>
/// <param name="Sequence">Counts the writes: of two copies the higher one holds.</param>
/// <param name="View">Counts the starts: the view number, and the epoch of all keys.</param>
/// <param name="Ceiling">No cluster time above this was ever given out, in microseconds.</param>
/// <param name="StoppedCleanly">The last owner said goodbye.</param>
internal readonly record struct LocalLease(long Sequence, long View, long Ceiling, bool StoppedCleanly)
{
    public const int Length = 64;
    private const ulong Magic = 0x3153_4145_4c43_4f00;      // "\0OCLEAS1"
    private const int Body = 40;

    public void Write(Span<byte> target)
    {
        target[..Length].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], View);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Ceiling);
        target[32] = StoppedCleanly ? (byte)1 : (byte)0;
        Checksum(target).CopyTo(target[Body..]);
    }

    /// <summary>Null when the bytes are not a whole, undamaged lease.</summary>
    public static LocalLease? Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Length || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic || !Checksum(source).SequenceEqual(source[Body..Length]))
            return null;
        return new(
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            source[32] == 1);
    }

    private static ReadOnlySpan<byte> Checksum(ReadOnlySpan<byte> lease) => SHA256.HashData(lease[..Body]).AsSpan(0, Length - Body);
}
