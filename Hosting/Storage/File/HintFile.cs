using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansCache;

/// <summary>
/// Where the records of a closed segment are, so that a start need not read them: 24 bytes for each, under one checksum. Written once
/// and moved into place; a missing or damaged one costs a scan, nothing else.
/// </summary>
internal static class HintFile
{
    private const int HeaderLength = 24;
    private static ReadOnlySpan<byte> Magic => "OCHINT\0\x01"u8;

    public static void Write(LogSegment segment, ReadOnlySpan<HintRecord> records, DiskSync disk)
    {
        var body = MemoryMarshal.AsBytes(records);
        var header = new byte[HeaderLength];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), segment.End);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), Crc32C.Of(header.AsSpan(0, 20), body, []));
        var temporary = segment.HintPath + ".tmp";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, header, 0);
            RandomAccess.Write(file, body, HeaderLength);
            disk.Flush(file);
        }
        File.Move(temporary, segment.HintPath, overwrite: true);
    }

    /// <summary>The records, one <see cref="HintRecord"/> behind the other, and the segment's length when it was closed; null when there is no sound hint.</summary>
    public static (ReadOnlyMemory<byte> Records, long SegmentEnd)? Read(LogSegment segment)
    {
        if (!BitConverter.IsLittleEndian || !File.Exists(segment.HintPath))
            return null;
        var bytes = File.ReadAllBytes(segment.HintPath);
        if (bytes.Length < HeaderLength || !bytes.AsSpan(0, 8).SequenceEqual(Magic))
            return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(20)) != Crc32C.Of(bytes.AsSpan(0, 20), bytes.AsSpan(HeaderLength), []))
            return null;
        return (
            bytes.AsMemory(HeaderLength),
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)));
    }
}

/// <summary>One record of a hint. Its layout is the file's.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct HintRecord
{
    public ulong Hash;
    public uint Offset;
    public int Length;
    public uint ExpiresAt;
    public uint IsTwin;
}
