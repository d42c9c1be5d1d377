using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class RosterLog
{
    [LoggerMessage(1051, LogLevel.Warning, "The rosters of eager keys cannot be read or written now; it is tried again.")]
    public static partial void RosterAway(this ILogger logger, Exception exception);

    [LoggerMessage(1052, LogLevel.Debug, "Eager entry {KeyHash:x16} had no turn; it has another one soon.")]
    public static partial void TurnFailed(this ILogger logger, Exception exception, ulong keyHash);
}
