using System.Text;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>
/// Keys and values in a folder, for one process: a log of files with an index in memory, after Bitcask (Basho, 2010). A write is
/// appended together with those that came at the same time; what is acknowledged survives the end of the process at any instruction.
/// </summary>
internal sealed class LogStore : IAsyncDisposable
{
    private const int KeyOnStack = 512;
    private readonly LogFiles _files;
    private readonly LogAppender _appender;
    private readonly LogMaintenance _maintenance;
    private bool _isClosed;

    private LogStore(LogFiles files, StorageOptions options, Func<long> now, TimeProvider time, ILogger logger)
    {
        _files = files;
        _maintenance = new(files, move => _appender!.Enqueue(move), options, now, time, logger);
        _appender = new(files, options, now, _maintenance.Written, logger);
    }

    /// <summary>False while the disk takes nothing, or does not confirm.</summary>
    public bool IsWritable => !_isClosed && !_appender.IsFailing && _maintenance.IsFlushed;

    public long Count => _files.Index.Count;

    /// <summary>Memory that the index takes.</summary>
    public long IndexBytes => _files.Index.Bytes;

    /// <summary>Bytes in files.</summary>
    public long Bytes => _files.Segments.Sum(segment => segment.End);

    /// <summary>Bytes left out as damaged at the start.</summary>
    public long SkippedBytes => _files.SkippedBytes;

    internal LogMaintenance Maintenance => _maintenance;

    internal LogFiles Files => _files;

    internal LogAppender Appender => _appender;

    /// <param name="folder">Made when it is not there. The caller holds it alone.</param>
    /// <param name="options">Sizes and when to flush.</param>
    /// <param name="now">Cluster time in microseconds; asked only once the log is open.</param>
    /// <param name="time">Paces what goes on in the background.</param>
    /// <param name="logger">For what people should know.</param>
    /// <param name="hash">Of keys; for tests with keys of one hash.</param>
    /// <param name="disk">Confirms what was written; for tests with one that does not.</param>
    /// <exception cref="StartRefusedException">A file is damaged.</exception>
    public static LogStore Open(
        string folder, StorageOptions options, Func<long> now, TimeProvider time, ILogger logger,
        Func<ReadOnlySpan<byte>, ulong>? hash = null, DiskSync? disk = null)
    {
        var began = time.GetTimestamp();
        var files = new LogFiles(folder, new LogIndex(), hash ?? RoutingHash.Of, disk ?? DiskSync.System, logger);
        try
        {
            new LogRecovery(files, options, logger).Open();
        }
        catch
        {
            files.Dispose();
            throw;
        }
        var store = new LogStore(files, options, now, time, logger);
        logger.Opened(folder, store.Count, files.Segments.Count, store.Bytes, (long)time.GetElapsedTime(began).TotalMilliseconds);
        store._maintenance.Start();
        return store;
    }

    /// <summary>What is stored under the key, expired or not; dispose it.</summary>
    public LogValue Read(string key)
    {
        Span<byte> utf8 = key.Length * 3 <= KeyOnStack ? stackalloc byte[KeyOnStack] : new byte[key.Length * 3];
        utf8 = utf8[..Encoding.UTF8.GetBytes(key, utf8)];
        return _files.Read(utf8, _files.HashOf(utf8));
    }

    /// <summary>Completes when the write was judged and, if it wanted so, is durable.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was changed, unless it says otherwise.</exception>
    public Task WriteAsync(LogWrite write)
    {
        _appender.Enqueue(write);
        return write.Done;
    }

    /// <summary>Writes what waits, flushes and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        await _appender.StopAsync().ConfigureAwait(false);
        await _maintenance.DisposeAsync().ConfigureAwait(false);
        _files.Dispose();
    }
}
