using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>The one writer of a log: what has gathered since the last write goes out in one, and is acknowledged after it.</summary>
internal sealed class LogAppender
{
    private const int BatchBytes = 1 << 20;
    private readonly Channel<object> _queue = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly LogFiles _files;
    private readonly StorageOptions _options;
    private readonly Func<long> _now;
    private readonly Action<LogSegment, long> _written;
    private readonly ILogger _logger;
    private readonly LogBatch _batch;
    private readonly Task _running;
    private volatile bool _isFailing;

    /// <param name="files">Open, with an active segment.</param>
    /// <param name="options">Sizes and when to flush.</param>
    /// <param name="now">Cluster time in microseconds.</param>
    /// <param name="written">Called when bytes went to a segment, with how many of them hide older records.</param>
    /// <param name="logger">For failures.</param>
    public LogAppender(LogFiles files, StorageOptions options, Func<long> now, Action<LogSegment, long> written, ILogger logger)
    {
        (_files, _options, _now, _written, _logger) = (files, options, now, written, logger);
        _batch = new(files);
        _running = RunAsync();
    }

    public bool IsFailing => _isFailing;

    /// <exception cref="StoreUnavailableException">The log is closed.</exception>
    public void Enqueue(object work)
    {
        if (!_queue.Writer.TryWrite(work))
            throw new StoreUnavailableException("The file store is closed.", maybeApplied: false);
    }

    /// <summary>Writes what is queued, and nothing more.</summary>
    public Task StopAsync()
    {
        _queue.Writer.TryComplete();
        return _running;
    }

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_queue.Reader.TryPeek(out var next))
            {
                if (next is LogMove move && _queue.Reader.TryRead(out _))
                    Write(move);
                else
                    WriteGathered();
            }
        }
    }

    private void WriteGathered()
    {
        var writes = _batch.Begin(_now());
        try
        {
            while (_batch.Length < BatchBytes && _queue.Reader.TryPeek(out var next) && next is LogWrite write && _queue.Reader.TryRead(out _))
                _batch.Add(write);
            Append();
        }
        catch (Exception exception)
        {
            var failure = Failure(exception);
            foreach (var write in writes)
                write.Fail(failure);
            return;
        }
        foreach (var write in writes)
            write.Complete();
    }

    private void Write(LogMove move)
    {
        _batch.Begin(_now());
        try
        {
            foreach (var (record, from, keepUntil) in move.Records)
                _batch.AddMoved(record, from, keepUntil);
            Append();
            move.Complete();
        }
        catch (Exception exception)
        {
            move.Fail(Failure(exception));
        }
    }

    // The index is touched last: until then every old value is as it was.
    private void Append()
    {
        if (_batch.Length == 0)
            return;
        var segment = SegmentFor(_batch.Length);
        segment.HasRemains = true;
        RandomAccess.Write(segment.Handle, _batch.Bytes, segment.End);
        if (_options.Fsync == FsyncMode.Always)
            _files.Disk.Flush(segment.Handle);
        _written(segment, _batch.Hiding);
        var start = segment.End;
        segment.End += _batch.Length;
        segment.HasRemains = false;
        _batch.Publish(segment, start);
        if (_isFailing)
        {
            _isFailing = false;
            _logger.WritesAgain(_files.Folder);
        }
    }

    private LogSegment SegmentFor(int length)
    {
        var active = _files.Active;
        if (active.HasRemains)
            active.CutAt(active.End);
        if (active.End == LogSegment.Magic.Length || active.End + length <= _options.SegmentBytes)
            return active;
        _files.Disk.Flush(active.Handle);       // only the newest may end within a record
        _files.Add(LogSegment.Create(_files.Folder, active.Number + 1, _files.Disk));
        return _files.Active;
    }

    private StoreUnavailableException Failure(Exception exception)
    {
        var active = _files.Active;
        if (!_isFailing)
            _logger.WriteFailed(exception, active.Path, exception.Message);
        _isFailing = true;
        var remains = active.HasRemains;
        try
        {
            if (remains)
                active.CutAt(active.End);
            remains = false;
        }
        catch (IOException)
        {
            // It is cut before the next write.
        }
        return new($"{active.Path} can't be written: {exception.Message} Free space on the disk or name another folder (OrleansCache:Data).", remains, exception);
    }
}
