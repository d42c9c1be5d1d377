using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class EntryLog
{
    [LoggerMessage(1001, LogLevel.Warning, "Entry {KeyHash:x16} could not be written to the store; the change is refused and the old value stays.")]
    public static partial void WriteFailed(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1002, LogLevel.Warning, "Entry {KeyHash:x16} could not be flushed; it stays in memory and is tried again.")]
    public static partial void FlushFailed(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1003, LogLevel.Warning, "Entry {KeyHash:x16} could not be read from the store; what it holds is not known, and it is tried again.")]
    public static partial void StoreReadFailed(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1004, LogLevel.Debug, "Entry {KeyHash:x16} belongs to another silo now; this activation ends.")]
    public static partial void Disowned(this ILogger logger, ulong keyHash);

    [LoggerMessage(1005, LogLevel.Debug, "Entry {KeyHash:x16} was not loaded: {Detail}. A stale value stays until its end.")]
    public static partial void LoadFailed(this ILogger logger, ulong keyHash, string detail);

    [LoggerMessage(1006, LogLevel.Error, "The integration {Integration} threw out of its call; the load of entry {KeyHash:x16} failed.")]
    public static partial void OriginThrew(this ILogger logger, Exception exception, string? integration, ulong keyHash);

    [LoggerMessage(1007, LogLevel.Warning, "Entry {KeyHash:x16} left memory before the store had its last value; the next read misses.")]
    public static partial void LostOnLeaving(this ILogger logger, ulong keyHash);

    [LoggerMessage(1008, LogLevel.Debug, "A loaded value of entry {KeyHash:x16} was not kept: {Detail}.")]
    public static partial void NotKept(this ILogger logger, ulong keyHash, string detail);

    [LoggerMessage(1009, LogLevel.Information, "Entry {KeyHash:x16} is loaded though the store has not said in time what it holds.")]
    public static partial void LoadedUnread(this ILogger logger, ulong keyHash);
}
