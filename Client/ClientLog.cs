using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>The client's log events. A key never stands in them, only its hash.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(1500, LogLevel.Warning, "No owner of key {KeyHash:x16} answered in time; the caller gets CacheUnavailableException.")]
    public static partial void Unreachable(this ILogger logger, Exception? exception, ulong keyHash);

    [LoggerMessage(1501, LogLevel.Warning, "The lease to load key {KeyHash:x16} ended before its factory did; the value goes to its callers and is not stored.")]
    public static partial void LeaseLost(this ILogger logger, ulong keyHash);

    [LoggerMessage(1502, LogLevel.Debug, "The lease to load key {KeyHash:x16} was not renewed this time; it is tried again.")]
    public static partial void RenewalFailed(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1503, LogLevel.Warning, "The result for key {KeyHash:x16} could not be handed to its owner; it goes to its callers and is not stored.")]
    public static partial void CompletionFailed(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1504, LogLevel.Warning, "The refresh of key {KeyHash:x16} behind a stale value failed; the stale value stays.")]
    public static partial void RefreshFailed(this ILogger logger, Exception exception, ulong keyHash);

    [LoggerMessage(1505, LogLevel.Warning, "The stored value of key {KeyHash:x16} in region {Region} is no {Type}; it is removed and loaded again.")]
    public static partial void Undecodable(this ILogger logger, Exception? exception, ulong keyHash, string region, string type);

    [LoggerMessage(1506, LogLevel.Error, "The factory's value for key {KeyHash:x16} in region {Region} is {Size} bytes and the limit is {Limit}; it goes to its callers and is not stored.")]
    public static partial void TooLarge(this ILogger logger, ulong keyHash, string region, int size, int limit);

    [LoggerMessage(1507, LogLevel.Debug, "The permit for key {KeyHash:x16} lapsed before its factory could start; the lease is given back and asked for again.")]
    public static partial void PermitLapsed(this ILogger logger, ulong keyHash);

    [LoggerMessage(1508, LogLevel.Warning, "The cache is away; the factory of key {KeyHash:x16} runs for this process alone and its value is not stored.")]
    public static partial void RunsUnshared(this ILogger logger, Exception? exception, ulong keyHash);

    [LoggerMessage(1509, LogLevel.Information, "The loads of key {KeyHash:x16} go in a circle; this one runs unshared and its value is not stored.")]
    public static partial void Circle(this ILogger logger, ulong keyHash);

    [LoggerMessage(1511, LogLevel.Information, "The stored value of key {KeyHash:x16} in region {Region} is not valid by its strategy; it is removed and loaded again.")]
    public static partial void Invalid(this ILogger logger, ulong keyHash, string region);

    [LoggerMessage(1512, LogLevel.Error, "The changed configuration is not taken, the old one stays: {Error}")]
    public static partial void StrategyReloadRefused(this ILogger logger, string error);

    [LoggerMessage(1514, LogLevel.Warning, "Nobody can say which version the origin has of key {KeyHash:x16} in region {Region}; its readers do as their strategy says.")]
    public static partial void VersionUnknown(this ILogger logger, Exception exception, ulong keyHash, string region);

    [LoggerMessage(1510, LogLevel.Warning, "No silo of '{Address}' answers yet, and the start waits for one: {Reason} It is asked {How}.")]
    public static partial void SearchesSilo(this ILogger logger, string address, string reason, string how);

    [LoggerMessage(1513, LogLevel.Error, "An origin has a write, or may have it, and the tags of what it makes out of date could not be raised; those entries stay until they end.")]
    public static partial void NotInvalidated(this ILogger logger, Exception exception);
}
