using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class StorageLog
{
    [LoggerMessage(1301, LogLevel.Information, "{Folder}: {Records} records in {Segments} files, {Bytes} bytes, opened in {Milliseconds} ms.")]
    public static partial void Opened(this ILogger logger, string folder, long records, int segments, long bytes, long milliseconds);

    [LoggerMessage(1302, LogLevel.Warning, "{File}: cut at offset {Offset}; the last {Bytes} bytes were a write that the former process did not finish or acknowledge.")]
    public static partial void TornTailCut(this ILogger logger, string file, long offset, long bytes);

    [LoggerMessage(1303, LogLevel.Error, "{File}: {Bytes} bytes from offset {Offset} are damaged and left out (OrleansCache:Storage:SkipDamaged); tagged entries count as invalid.")]
    public static partial void DamageSkipped(this ILogger logger, string file, long offset, long bytes);

    [LoggerMessage(1304, LogLevel.Error, "{File}: the record at offset {Offset} is damaged ({Reason}); entry {KeyHash:x16} counts as absent.")]
    public static partial void DamagedRecord(this ILogger logger, string file, long offset, string reason, ulong keyHash);

    [LoggerMessage(1305, LogLevel.Error, "{File}: nothing can be written ({Reason}); writes are refused until it can, what is stored stays.")]
    public static partial void WriteFailed(this ILogger logger, Exception exception, string file, string reason);

    [LoggerMessage(1306, LogLevel.Information, "{Folder}: writes succeed again.")]
    public static partial void WritesAgain(this ILogger logger, string folder);

    [LoggerMessage(1307, LogLevel.Error, "{File}: the disk did not confirm what was written; a loss of power now may lose acknowledged writes.")]
    public static partial void FlushFailed(this ILogger logger, Exception exception, string file);

    [LoggerMessage(1308, LogLevel.Debug, "{File}: compacted, it had {Bytes} bytes.")]
    public static partial void Compacted(this ILogger logger, string file, long bytes);

    [LoggerMessage(1309, LogLevel.Error, "{Folder}: cleaning up failed and is tried again; files grow meanwhile.")]
    public static partial void MaintenanceFailed(this ILogger logger, Exception exception, string folder);

    [LoggerMessage(1310, LogLevel.Error, "{File}: a damaged record at offset {Offset} keeps this file from being compacted; it is kept for repair.")]
    public static partial void NotCompacted(this ILogger logger, string file, long offset);

    [LoggerMessage(1320, LogLevel.Warning, "Redis: {Setting} is '{Value}'. {Advice}")]
    public static partial void RedisSetting(this ILogger logger, string setting, string value, string advice);

    [LoggerMessage(1321, LogLevel.Warning, "Redis did not tell its settings; see that maxmemory-policy is noeviction and appendonly is yes.")]
    public static partial void RedisSettingsUnknown(this ILogger logger, Exception exception);

    [LoggerMessage(1322, LogLevel.Error, "The record of entry {KeyHash:x16} can't be read; it counts as absent.")]
    public static partial void UnreadableRecord(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1323, LogLevel.Warning, "The tag log could not be compared with the store; it is tried again.")]
    public static partial void TagLogNotCompared(this ILogger logger, Exception exception);

    [LoggerMessage(1324, LogLevel.Warning, "The tag log was lost, or went back; tagged entries from before count as invalid.")]
    public static partial void TagLogLost(this ILogger logger);
}
