using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Opens the files of a log and builds the index: closed segments by their hints, the newest record by record.</summary>
internal sealed class LogRecovery(LogFiles files, StorageOptions options, ILogger logger)
{
    /// <exception cref="StartRefusedException">A file is damaged, and <see cref="StorageOptions.SkipDamaged"/> is not set.</exception>
    public void Open()
    {
        Directory.CreateDirectory(files.Folder);
        files.Disk.Flush(Path.GetDirectoryName(files.Folder)!);
        foreach (var leftover in Directory.EnumerateFiles(files.Folder, "*.tmp"))
            File.Delete(leftover);
        files.Index.Reserve(Directory.EnumerateFiles(files.Folder, "*.hint").Sum(hint => new FileInfo(hint).Length / Marshal.SizeOf<HintRecord>()));
        var numbers = LogSegment.NumbersIn(files.Folder);
        foreach (var number in numbers)
        {
            var segment = LogSegment.Open(files.Folder, number);
            files.Add(segment);
            var isNewest = number == numbers[^1];
            if (isNewest || !LoadHint(segment))
                Scan(segment, isNewest);
        }
        if (numbers.Length == 0 || files.Active.IsDamaged)
            files.Add(LogSegment.Create(files.Folder, numbers.LastOrDefault() + 1, files.Disk));
    }

    private bool LoadHint(LogSegment segment)
    {
        if (HintFile.Read(segment) is not { } hint)
            return false;
        var length = RandomAccess.GetLength(segment.Handle);
        if (length < hint.SegmentEnd)
        {
            Damaged(segment, length, $"it ends at {length} and had {hint.SegmentEnd} bytes");
            return false;
        }
        if (length > hint.SegmentEnd)
            return false;
        segment.End = length;
        segment.HasHint = true;
        foreach (ref readonly var record in MemoryMarshal.Cast<byte, HintRecord>(hint.Records.Span))
        {
            var slot = new LogSlot { Hash = record.Hash, Segment = segment.Number, Offset = record.Offset, Length = record.Length, KeepUntil = record.ExpiresAt };
            Insert(segment, slot, record.IsTwin != 0 ? KeyAt(segment, slot) : default);
        }
        return true;
    }

    private void Scan(LogSegment segment, bool isNewest)
    {
        var length = RandomAccess.GetLength(segment.Handle);
        if (length < LogSegment.Magic.Length && isNewest)
        {
            segment.Begin();
            return;
        }
        Span<byte> magic = stackalloc byte[LogSegment.Magic.Length];
        if (RandomAccess.Read(segment.Handle, magic, 0) < magic.Length || !magic.SequenceEqual(LogSegment.Magic))
            Damaged(segment, 0, "it does not begin as a log file of this version");
        using var scanner = new SegmentScanner(segment.Handle, LogSegment.Magic.Length, length);
        for (var step = scanner.Look(); step != ScanStep.End; step = scanner.Look())
        {
            if (step == ScanStep.Record)
            {
                var hash = files.HashOf(scanner.Key);
                var slot = new LogSlot
                {
                    Hash = hash,
                    Segment = segment.Number,
                    Offset = (uint)scanner.Offset,
                    Length = scanner.Header.RecordLength,
                    KeepUntil = LogSlot.Seconds(scanner.Header.ExpiresAt),
                };
                Insert(segment, slot, scanner.Header.IsTwin ? scanner.Key : default);
                scanner.Pass();
                continue;
            }
            if (step == ScanStep.Torn && isNewest)
            {
                logger.TornTailCut(segment.Path, scanner.Offset, length - scanner.Offset);
                segment.CutAt(scanner.Offset);
                files.Disk.Flush(segment.Handle);
                return;
            }
            var from = scanner.Offset;
            Damaged(segment, from, step == ScanStep.Torn ? "it ends within a record" : "a checksum is wrong");
            scanner.PassDamage();
            logger.DamageSkipped(segment.Path, from, scanner.Offset - from);
            files.SkippedBytes += scanner.Offset - from;
        }
        segment.End = length;
    }

    // Later records take the place of earlier ones, and keep hiding what is older.
    private void Insert(LogSegment segment, LogSlot slot, ReadOnlySpan<byte> keyOfTwin)
    {
        var old = Former(slot.Hash, keyOfTwin);
        slot.KeepUntil = Math.Max(slot.KeepUntil, old.KeepUntil);
        segment.AddLive(slot.Length);
        if (files.Index.Put(slot, old))
            files.SegmentOf(old)?.AddLive(-old.Length);
    }

    private LogSlot Former(ulong hash, ReadOnlySpan<byte> keyOfTwin)
    {
        if (!keyOfTwin.IsEmpty)
        {
            using var former = files.Read(keyOfTwin, hash);
            return former.Slot;
        }
        return files.Index.TryFind(hash, 0, out var slot) ? slot : default;
    }

    private static byte[] KeyAt(LogSegment segment, LogSlot slot)
    {
        var record = new byte[slot.Length];
        RandomAccess.Read(segment.Handle, record, slot.Offset);
        return LogRecordHeader.TryRead(record, out var header) && header.RecordLength == slot.Length
            ? record[LogRecordHeader.Length..(LogRecordHeader.Length + header.KeyLength)]
            : [];
    }

    private void Damaged(LogSegment segment, long offset, string reason)
    {
        segment.IsDamaged = true;
        if (!options.SkipDamaged)
        {
            throw new StartRefusedException(
                $"{segment.Path} is damaged at offset {offset}: {reason}. Nothing was changed. Restore the file, or move it away and lose its records, "
                + "or set OrleansCache:Storage:SkipDamaged=true to start without the damaged records.");
        }
    }
}
