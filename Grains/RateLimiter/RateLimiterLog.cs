using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class RateLimiterLog
{
    [LoggerMessage(1101, LogLevel.Warning, "Limiter {Limiter}: its record was not saved; no permits are given until it can be.")]
    public static partial void RecordNotSaved(this ILogger logger, Exception exception, string limiter);

    [LoggerMessage(1102, LogLevel.Information, "Limiter {Limiter}: its record is saved again; permits are given.")]
    public static partial void RecordSavedAgain(this ILogger logger, string limiter);

    [LoggerMessage(1103, LogLevel.Warning, "Limiter {Limiter}: somebody else wrote its record; this activation ends and the next call starts another.")]
    public static partial void RecordTaken(this ILogger logger, Exception exception, string limiter);

    [LoggerMessage(1104, LogLevel.Error, "Limiter {Limiter}: its record can't be read; every limit counts as used up now.")]
    public static partial void RecordUnreadable(this ILogger logger, Exception exception, string limiter);

    [LoggerMessage(1105, LogLevel.Information, "Limiter {Limiter}: paused for {Seconds} s, as the origin asked.")]
    public static partial void Paused(this ILogger logger, string limiter, double seconds);

    [LoggerMessage(1106, LogLevel.Information, "Limiter {Limiter}: goes by other limits now; what was granted stays counted.")]
    public static partial void LimitsChanged(this ILogger logger, string limiter);

    [LoggerMessage(1107, LogLevel.Information, "Limiter {Limiter}: {Permits} permits that a crash left open count as given.")]
    public static partial void OpenPermitsCounted(this ILogger logger, string limiter, long permits);
}
