using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace OrleansCache;

/// <summary>Reads a segment's records in order, each checked whole.</summary>
internal sealed class SegmentScanner : IDisposable
{
    private const int ChunkBytes = 1 << 20;
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
    private long _bufferStart;
    private int _bufferLength;

    /// <param name="file">Open for reading.</param>
    /// <param name="from">Offset of the first record.</param>
    /// <param name="length">Where the file ends.</param>
    public SegmentScanner(SafeFileHandle file, long from, long length)
    {
        (_file, _length, Offset, _bufferStart) = (file, length, from, from);
    }

    /// <summary>Of the record at hand, or of what stopped the scan.</summary>
    public long Offset { get; private set; }

    public LogRecordHeader Header { get; private set; }

    /// <summary>The record at hand; good until the next step.</summary>
    public ReadOnlySpan<byte> Record => Take(Offset, Header.RecordLength);

    public ReadOnlySpan<byte> Key => Record.Slice(LogRecordHeader.Length, Header.KeyLength);

    /// <summary>Looks at the record at <see cref="Offset"/>.</summary>
    public ScanStep Look()
    {
        var left = _length - Offset;
        if (left == 0)
            return ScanStep.End;
        if (left < LogRecordHeader.Length)
            return ScanStep.Torn;
        if (!LogRecordHeader.TryRead(Take(Offset, LogRecordHeader.Length), out var header))
            return IsZeroToTheEnd() ? ScanStep.Torn : ScanStep.Damaged;
        Header = header;
        if (header.RecordLength > left)
            return ScanStep.Torn;
        return Crc32C.Of(Record[LogRecordHeader.Length..]) == header.BodyChecksum ? ScanStep.Record : ScanStep.Damaged;
    }

    /// <summary>Goes behind the record at hand.</summary>
    public void Pass() => Offset += Header.RecordLength;

    /// <summary>Goes to the next whole record behind a damaged place, or to the end.</summary>
    public void PassDamage()
    {
        for (Offset++; _length - Offset >= LogRecordHeader.Length; Offset++)
        {
            // Not by looking alone, which goes through all zeros from each offset within them.
            if (LogRecordHeader.TryRead(Take(Offset, LogRecordHeader.Length), out _) && Look() == ScanStep.Record)
                return;
        }
        Offset = _length;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool IsZeroToTheEnd()
    {
        for (var offset = Offset; offset < _length;)
        {
            var bytes = Take(offset, (int)Math.Min(_length - offset, 4096));
            if (bytes.ContainsAnyExcept((byte)0))
                return false;
            offset += bytes.Length;
        }
        return true;
    }

    private ReadOnlySpan<byte> Take(long offset, int length)
    {
        if (offset < _bufferStart || offset + length > _bufferStart + _bufferLength)
            Fill(offset, length);
        return _buffer.AsSpan((int)(offset - _bufferStart), length);
    }

    private void Fill(long offset, int length)
    {
        if (length > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(length);
        }
        (_bufferStart, _bufferLength) = (offset, 0);
        while (_bufferLength < length)
        {
            var read = RandomAccess.Read(_file, _buffer.AsSpan(_bufferLength), offset + _bufferLength);
            if (read == 0)
                throw new EndOfStreamException("The file became shorter while it was read.");
            _bufferLength += read;
        }
    }
}

internal enum ScanStep : byte
{
    /// <summary>A whole record is at hand.</summary>
    Record,
    End,

    /// <summary>The file ends within a record, or in zeros: what a write leaves that was not finished.</summary>
    Torn,

    /// <summary>A record is there and its checksum is wrong.</summary>
    Damaged,
}
