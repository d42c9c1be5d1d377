using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>The files of a log and the index over them: what appending, reading and cleaning up share.</summary>
internal sealed class LogFiles(string folder, LogIndex index, Func<ReadOnlySpan<byte>, ulong> hash, DiskSync disk, ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<int, LogSegment> _segments = new();

    public string Folder => folder;

    public LogIndex Index => index;

    public DiskSync Disk => disk;

    public ICollection<LogSegment> Segments => _segments.Values;

    /// <summary>The newest segment, the one that is appended to.</summary>
    [AllowNull]
    public LogSegment Active
    {
        get => field ?? throw new InvalidOperationException("The log is not open.");
        private set;
    }

    /// <summary>Bytes left out as damaged when the log was opened.</summary>
    public long SkippedBytes { get; set; }

    public ulong HashOf(ReadOnlySpan<byte> key) => hash(key);

    public void Add(LogSegment segment)
    {
        _segments[segment.Number] = segment;
        Active = segment;
    }

    public LogSegment? SegmentOf(LogSlot slot) => _segments.GetValueOrDefault(slot.Segment);

    public void Drop(LogSegment segment)
    {
        _segments.TryRemove(segment.Number, out _);
        segment.Delete();
    }

    /// <summary>The newest record of the key, read and checked whole; its slot is default when there is none.</summary>
    /// <remarks>A damaged record is logged and comes back with its slot and no bytes.</remarks>
    public LogValue Read(ReadOnlySpan<byte> key, ulong keyHash)
    {
        for (var ordinal = 0; index.TryFind(keyHash, ordinal, out var slot);)
        {
            if (!_segments.TryGetValue(slot.Segment, out var segment))
                continue;           // it was compacted just now: the index has the new place
            var record = ArrayPool<byte>.Shared.Rent(slot.Length);
            string? damage;
            try
            {
                var read = RandomAccess.Read(segment.Handle, record.AsSpan(0, slot.Length), slot.Offset);
                damage = Check(record.AsSpan(0, read), slot.Length, out var header);
                if (damage is null && record.AsSpan(LogRecordHeader.Length, header.KeyLength).SequenceEqual(key))
                    return new(record, header, slot);
            }
            catch (ObjectDisposedException)
            {
                ArrayPool<byte>.Shared.Return(record);
                continue;
            }
            catch (IOException exception)
            {
                damage = exception.Message;
            }
            ArrayPool<byte>.Shared.Return(record);
            if (damage is not null)
            {
                logger.DamagedRecord(segment.Path, slot.Offset, damage, keyHash);
                return new(null, default, slot);
            }
            ordinal++;              // another key of the same hash
        }
        return default;
    }

    public void Dispose()
    {
        foreach (var segment in _segments.Values)
            segment.Dispose();
    }

    private static string? Check(ReadOnlySpan<byte> record, int length, out LogRecordHeader header)
    {
        header = default;
        if (record.Length < length)
            return "the file ends before it";
        if (!LogRecordHeader.TryRead(record, out header) || header.RecordLength != length)
            return "its front has a wrong checksum";
        return Crc32C.Of(record[LogRecordHeader.Length..]) == header.BodyChecksum ? null : "its checksum is wrong";
    }
}

/// <summary>A record as read; dispose it to give its buffer back. <c>default</c> is nothing found.</summary>
internal readonly struct LogValue(byte[]? record, LogRecordHeader header, LogSlot slot) : IDisposable
{
    /// <summary>False when there is no record, or a damaged one.</summary>
    public bool IsFound => record is not null;

    /// <summary>A record is there and can't be read.</summary>
    public bool IsDamaged => record is null && slot.Length != 0;

    public LogSlot Slot => slot;

    public long ExpiresAt => header.ExpiresAt;

    public ReadOnlySpan<byte> Payload => record is null ? [] : record.AsSpan(LogRecordHeader.Length + header.KeyLength, header.PayloadLength);

    public void Dispose()
    {
        if (record is not null)
            ArrayPool<byte>.Shared.Return(record);
    }
}
