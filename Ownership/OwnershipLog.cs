using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class OwnershipLog
{
    [LoggerMessage(1401, LogLevel.Information, "This silo owns its data folder in view {View}; the former owner stopped cleanly: {StoppedCleanly}.")]
    public static partial void OwnsFolder(this ILogger logger, long view, bool stoppedCleanly);

    [LoggerMessage(1402, LogLevel.Error, "The lease file was not written; strict operations are refused until it can be.")]
    public static partial void LeaseNotWritten(this ILogger logger, Exception exception);
}
