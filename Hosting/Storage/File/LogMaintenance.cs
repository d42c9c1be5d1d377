using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>What a log does in the background: tells the disk each second, writes hints, forgets what expired, and carries what is alive out of mostly dead files.</summary>
internal sealed class LogMaintenance : IAsyncDisposable
{
    private const int SweepsPerPass = 60;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly LogFiles _files;
    private readonly LogCompactor _compactor;
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
    {
        (_files, _options, _now, _time, _logger) = (files, options, now, time, logger);
        _compactor = new(files, append, options, now, time, logger);
    }

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
            var isFlushed = true;
            foreach (var (number, segment) in _unflushed)
            {
                _unflushed.TryRemove(number, out _);
                try
                {
                    _files.Disk.Flush(segment.Handle);
                }
                catch (IOException exception)
                {
                    _unflushed[number] = segment;
                    isFlushed = false;
                    _logger.FlushFailed(exception, segment.Path);
                }
            }
            IsFlushed = isFlushed;
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
        if (_compactor.Next(TakeHiding()) is not { } victim || !await _compactor.CarryOverAsync(victim, cancellationToken).ConfigureAwait(false))
            return;
        await FlushAsync().ConfigureAwait(false);
        if (!IsFlushed)
            return;
        _files.Drop(victim);
        _files.Disk.Flush(_files.Folder);
        _logger.Compacted(victim.Path, victim.End);
    }

    // True once a segment's worth of records has been written only to hide others.
    private bool TakeHiding()
    {
        if (Volatile.Read(ref _hiding) <= _options.SegmentBytes)
            return false;
        Interlocked.Add(ref _hiding, -_options.SegmentBytes);
        return true;
    }

    private void WriteHint(LogSegment segment)
    {
        var records = new List<HintRecord>();
        using var scanner = new SegmentScanner(segment.Handle, LogSegment.Magic.Length, segment.End);
        for (var step = scanner.Look(); step != ScanStep.End; step = scanner.Look())
        {
            if (step != ScanStep.Record)
            {
                segment.IsKept = true;
                _logger.NotCompacted(segment.Path, scanner.Offset);
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
        HintFile.Write(segment, CollectionsMarshal.AsSpan(records), _files.Disk);
        segment.HasHint = true;
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
