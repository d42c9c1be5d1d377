using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>What a log does in the background: tells the disk each second, writes hints, forgets what expired, and carries what is alive out of mostly dead files.</summary>
internal sealed class LogMaintenance : IAsyncDisposable
{
    private const int SweepsPerPass = 60;
    private const int ChunkBytes = 1 << 20;
    private const double DeadShare = 0.5;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly LogFiles _files;
    private readonly Action<LogMove> _append;
    private readonly StorageOptions _options;
    private readonly Func<long> _now;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, LogSegment> _unflushed = new();
    private readonly SemaphoreSlim _flushing = new(1);
    private readonly SemaphoreSlim _rounds = new(1);
    private Task _running = Task.CompletedTask;
    private int _nextShard;
    private long _hiding;

    /// <param name="files">The open log.</param>
    /// <param name="append">The way to the writer.</param>
    /// <param name="options">The rate.</param>
    /// <param name="now">Cluster time in microseconds.</param>
    /// <param name="time">Paces the loops.</param>
    /// <param name="logger">For failures.</param>
    public LogMaintenance(LogFiles files, Action<LogMove> append, StorageOptions options, Func<long> now, TimeProvider time, ILogger logger)
        => (_files, _append, _options, _now, _time, _logger) = (files, append, options, now, time, logger);

    /// <summary>False while the disk does not confirm.</summary>
    public bool IsFlushed { get; private set; } = true;

    public void Start() => _running = Task.WhenAll(
        EachPeriodAsync(() => FlushAsync()),
        EachPeriodAsync(() => RunOnceAsync(_stopping.Token)));

    /// <summary>The segment holds bytes that the disk has not confirmed, some of them to hide older records.</summary>
    public void Written(LogSegment segment, long hiding)
    {
        _unflushed[segment.Number] = segment;
        Interlocked.Add(ref _hiding, hiding);
    }

    public async Task FlushAsync()
    {
        await _flushing.WaitAsync().ConfigureAwait(false);
        try
        {
            foreach (var (number, segment) in _unflushed)
            {
                _unflushed.TryRemove(number, out _);
                try
                {
                    RandomAccess.FlushToDisk(segment.Handle);
                    IsFlushed = true;
                }
                catch (IOException exception)
                {
                    _unflushed[number] = segment;
                    IsFlushed = false;
                    _logger.FlushFailed(exception, segment.Path);
                }
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    /// <summary>One round: a part of the index is swept, hints are written, at most one segment is compacted.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await _rounds.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Sweep(LogIndex.ShardCount / SweepsPerPass);
            await CleanUpAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _rounds.Release();
        }
    }

    private async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        foreach (var segment in _files.Segments.Where(segment => segment != _files.Active && segment is { HasHint: false, IsDamaged: false, IsKept: false }))
            WriteHint(segment);
        if (NextToCompact() is { } victim)
            await CompactAsync(victim, cancellationToken).ConfigureAwait(false);
    }

    private void WriteHint(LogSegment segment)
    {
        var records = new List<HintRecord>();
        using var scanner = new SegmentScanner(segment.Handle, LogSegment.Magic.Length, segment.End);
        for (var step = scanner.Look(); step != ScanStep.End; step = scanner.Look())
        {
            if (step != ScanStep.Record)
            {
                Keep(segment, scanner.Offset);
                return;
            }
            records.Add(new()
            {
                Hash = _files.HashOf(scanner.Key),
                Offset = (uint)scanner.Offset,
                Length = scanner.Header.RecordLength,
                ExpiresAt = LogSlot.Seconds(scanner.Header.ExpiresAt),
                IsTwin = scanner.Header.IsTwin ? 1u : 0,
            });
            scanner.Pass();
        }
        HintFile.Write(segment, CollectionsMarshal.AsSpan(records));
        segment.HasHint = true;
    }

    // The deadest, once half of it is dead; the oldest in between, since only there records that hide others come to rest.
    private LogSegment? NextToCompact()
    {
        var closed = _files.Segments.Where(segment => segment != _files.Active && !segment.IsKept).OrderBy(segment => segment.Number).ToList();
        if (closed.Count == 0)
            return null;
        if (Volatile.Read(ref _hiding) > _options.SegmentBytes)
        {
            Interlocked.Add(ref _hiding, -_options.SegmentBytes);
            return closed[0];
        }
        var deadest = closed.MaxBy(segment => segment.IsDamaged ? 1 : segment.DeadShare)!;
        return deadest.IsDamaged || deadest.DeadShare > DeadShare ? deadest : null;
    }

    // Carries what is alive to the newest segment, waits until the disk has it, and deletes the file.
    private async Task CompactAsync(LogSegment segment, CancellationToken cancellationToken)
    {
        var (before, live) = (segment.End, segment.Live);
        var isOldest = _files.Segments.Min(other => other.Number) == segment.Number;
        using (var scanner = new SegmentScanner(segment.Handle, LogSegment.Magic.Length, segment.End))
        {
            while (TryGather(segment, scanner, isOldest) is { } move)
            {
                if (move.Records.Count > 0)
                {
                    _append(move);
                    await move.Done.ConfigureAwait(false);
                }
                var pause = TimeSpan.FromSeconds((double)move.Bytes / _options.CompactionBytesPerSecond);
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
        if (segment.IsKept)
            return;
        await FlushAsync().ConfigureAwait(false);
        if (!_unflushed.IsEmpty && !IsFlushed)
            return;
        _files.Drop(segment);
        DirectorySync.Flush(_files.Folder);
        _logger.Compacted(segment.Path, live, before);
    }

    // Null at the end, or where the file must be kept.
    private LogMove? TryGather(LogSegment segment, SegmentScanner scanner, bool isOldest)
    {
        var (move, now) = (new LogMove(), _now());
        for (var step = scanner.Look(); move.Bytes < ChunkBytes; step = scanner.Look())
        {
            if (step == ScanStep.End)
                return move.Bytes > 0 ? move : null;
            if (step == ScanStep.Record)
            {
                Gather(segment, scanner, isOldest, now, move);
                scanner.Pass();
            }
            else if (segment.IsDamaged)
            {
                scanner.PassDamage();
            }
            else
            {
                Keep(segment, scanner.Offset);
                return null;
            }
        }
        return move;
    }

    private void Gather(LogSegment segment, SegmentScanner scanner, bool isOldest, long now, LogMove move)
    {
        move.Bytes += scanner.Header.RecordLength;
        var place = new LogSlot { Hash = _files.HashOf(scanner.Key), Segment = segment.Number, Offset = (uint)scanner.Offset };
        if (!_files.Index.TryGet(place, out var slot))
            return;
        // In the oldest file nothing older is left to hide but what goes with the file itself.
        var keepUntil = isOldest ? LogSlot.Seconds(scanner.Header.ExpiresAt) : slot.KeepUntil;
        if (isOldest && scanner.Header.ExpiresAt <= now)
        {
            if (_files.Index.Remove(slot))
                segment.AddLive(-slot.Length);
            return;
        }
        move.Records.Add((scanner.Record.ToArray(), slot, keepUntil));
    }

    private void Keep(LogSegment segment, long offset)
    {
        segment.IsKept = true;
        _logger.NotCompacted(segment.Path, offset);
    }

    public void Sweep(int shards)
    {
        var now = (uint)Math.Min(_now() / 1_000_000, LogSlot.Never - 1);
        for (; shards > 0; shards--)
        {
            _files.Index.Sweep(_nextShard, now, slot => _files.SegmentOf(slot)?.AddLive(-slot.Length));
            _nextShard = (_nextShard + 1) % LogIndex.ShardCount;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _flushing.Dispose();
        _rounds.Dispose();
    }

    private async Task EachPeriodAsync(Func<Task> work)
    {
        using var timer = new PeriodicTimer(Period, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                try
                {
                    await work().ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is IOException or StoreUnavailableException or UnauthorizedAccessException)
                {
                    _logger.MaintenanceFailed(exception, _files.Folder);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The log is being closed.
        }
    }
}
