using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class OwnershipLog
{
    [LoggerMessage(1401, LogLevel.Information, "This silo owns its data folder in view {View}; the former owner stopped cleanly: {StoppedCleanly}.")]
    public static partial void OwnsFolder(this ILogger logger, long view, bool stoppedCleanly);

    [LoggerMessage(1402, LogLevel.Error, "The lease file was not written; strict operations are refused until it can be.")]
    public static partial void LeaseNotWritten(this ILogger logger, Exception exception);

    [LoggerMessage(1403, LogLevel.Information, "This silo serves in view {View}, strict operations begin in {Milliseconds} ms.")]
    public static partial void Serves(this ILogger logger, long view, long milliseconds);

    [LoggerMessage(1404, LogLevel.Error, "This silo lost view {View}; the stored view is {StoredView}. It serves nothing under a fence until it has a view again.")]
    public static partial void LostView(this ILogger logger, long view, long storedView);

    [LoggerMessage(1405, LogLevel.Error, "The lease could not be renewed; strict operations are refused {Seconds} s after the last renewal, until the store answers.")]
    public static partial void Unreachable(this ILogger logger, Exception exception, double seconds);

    [LoggerMessage(1406, LogLevel.Information, "The store of leases answers again.")]
    public static partial void Reachable(this ILogger logger);

    [LoggerMessage(1407, LogLevel.Warning, "The store's clock was set back; cluster time goes on as it was.")]
    public static partial void ClockSetBack(this ILogger logger);

    [LoggerMessage(1408, LogLevel.Warning, "The store was not told of the clean stop; the next silo waits for the lease to end.")]
    public static partial void NoGoodbye(this ILogger logger, Exception exception);

    [LoggerMessage(1409, LogLevel.Critical, "{Reason} This silo ends.")]
    public static partial void RefusedLate(this ILogger logger, string reason);
}
