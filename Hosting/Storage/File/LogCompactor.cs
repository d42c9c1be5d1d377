using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Chooses the segment that is worth rewriting, and carries what is alive out of it, at a bounded rate, past the writer of the log.</summary>
internal sealed class LogCompactor(LogFiles files, Action<LogMove> append, StorageOptions options, Func<long> now, TimeProvider time, ILogger logger)
{
    private const int ChunkBytes = 1 << 20;
    private const double DeadShare = 0.5;

    /// <summary>The deadest, once half of it is dead; null when none is.</summary>
    /// <param name="oldest">Wants the oldest instead: only there records that hide others come to rest.</param>
    public LogSegment? Next(bool oldest)
    {
        var closed = files.Segments.Where(segment => segment != files.Active && !segment.IsKept).OrderBy(segment => segment.Number).ToList();
        if (closed.Count == 0)
            return null;
        if (oldest)
            return closed[0];
        var deadest = closed.MaxBy(segment => segment.IsDamaged ? 1 : segment.DeadShare)!;
        return deadest.IsDamaged || deadest.DeadShare > DeadShare ? deadest : null;
    }

    /// <summary>Carries what is alive to the newest segment; false when the file must be kept.</summary>
    public async Task<bool> CarryOverAsync(LogSegment segment, CancellationToken cancellationToken)
    {
        var isOldest = files.Segments.Min(other => other.Number) == segment.Number;
        using var scanner = new SegmentScanner(segment.Handle, LogSegment.Magic.Length, segment.End);
        while (TryGather(segment, scanner, isOldest) is { } move)
        {
            if (move.Records.Count > 0)
            {
                append(move);
                await move.Done.ConfigureAwait(false);
            }
            var pause = TimeSpan.FromSeconds((double)move.Bytes / options.CompactionBytesPerSecond);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
        return !segment.IsKept;
    }

    // Null at the end, or where the file must be kept.
    private LogMove? TryGather(LogSegment segment, SegmentScanner scanner, bool isOldest)
    {
        var (move, at) = (new LogMove(), now());
        for (var step = scanner.Look(); move.Bytes < ChunkBytes; step = scanner.Look())
        {
            if (step == ScanStep.End)
                return move.Bytes > 0 ? move : null;
            if (step == ScanStep.Record)
            {
                Gather(segment, scanner, isOldest, at, move);
                scanner.Pass();
            }
            else if (segment.IsDamaged)
            {
                scanner.PassDamage();
            }
            else
            {
                segment.IsKept = true;
                logger.NotCompacted(segment.Path, scanner.Offset);
                return null;
            }
        }
        return move;
    }

    private void Gather(LogSegment segment, SegmentScanner scanner, bool isOldest, long at, LogMove move)
    {
        move.Bytes += scanner.Header.RecordLength;
        var place = new LogSlot { Hash = files.HashOf(scanner.Key), Segment = segment.Number, Offset = (uint)scanner.Offset };
        if (!files.Index.TryGet(place, out var slot))
            return;
        // In the oldest file nothing older is left to hide but what goes with the file itself.
        var keepUntil = isOldest ? LogSlot.Seconds(scanner.Header.ExpiresAt) : slot.KeepUntil;
        if (isOldest && scanner.Header.ExpiresAt <= at)
        {
            if (files.Index.Remove(slot))
                segment.AddLive(-slot.Length);
            return;
        }
        move.Records.Add((scanner.Record.ToArray(), slot, keepUntil));
    }
}
