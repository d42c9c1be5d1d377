using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class OwnershipLog
{
    [LoggerMessage(1401, LogLevel.Information, "This silo owns its data folder in view {View}; the former owner, if there was one, stopped cleanly: {StoppedCleanly}.")]
    public static partial void OwnsFolder(this ILogger logger, long view, bool stoppedCleanly);

    [LoggerMessage(1402, LogLevel.Error, "The lease file was not written; strict operations are refused until it can be.")]
    public static partial void LeaseNotWritten(this ILogger logger, Exception exception);

    [LoggerMessage(1403, LogLevel.Information, "View {View}: {Members}.")]
    public static partial void GoesBy(this ILogger logger, long view, string members);

    [LoggerMessage(1404, LogLevel.Error, "This silo lost view {View}; the stored view is {StoredView}. It serves nothing under a fence until it has a view again.")]
    public static partial void LostView(this ILogger logger, long view, long storedView);

    [LoggerMessage(1405, LogLevel.Error, "The lease could not be renewed; strict operations are refused {Seconds} s after the last renewal, until the store answers.")]
    public static partial void Unreachable(this ILogger logger, Exception exception, double seconds);

    [LoggerMessage(1406, LogLevel.Information, "The store of leases answers again.")]
    public static partial void Reachable(this ILogger logger);

    [LoggerMessage(1407, LogLevel.Warning, "The store's clock was set back; cluster time goes on as it was.")]
    public static partial void ClockSetBack(this ILogger logger);

    [LoggerMessage(1408, LogLevel.Warning, "This silo ends without having left its view; the others wait for its lease to end.")]
    public static partial void NoGoodbye(this ILogger logger);

    [LoggerMessage(1409, LogLevel.Critical, "{Reason} This silo ends.")]
    public static partial void RefusedLate(this ILogger logger, string reason);

    [LoggerMessage(1410, LogLevel.Warning, "{Silo} has not renewed its lease for {Milliseconds} ms: the others take its keys over.")]
    public static partial void Outwaited(this ILogger logger, string silo, long milliseconds);

    [LoggerMessage(1411, LogLevel.Error, "View {View} is without this silo: its lease was not renewed in time. It gives up all keys and joins again.")]
    public static partial void Deposed(this ILogger logger, long view);

    [LoggerMessage(1412, LogLevel.Warning, "Not all keys that moved away in view {View} were flushed or handed over in time.")]
    public static partial void LetGoLate(this ILogger logger, Exception exception, long view);

    [LoggerMessage(1413, LogLevel.Warning, "The store of leases does not answer; this start asks it again for up to {Seconds} s.")]
    public static partial void StartAsksAgain(this ILogger logger, Exception exception, double seconds);
}
