using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class IntegrationLog
{
    [LoggerMessage(1211, LogLevel.Warning, "{Integration}/{Method}: attempt {Attempt} failed ({Detail}); again in {DelayMilliseconds} ms.")]
    public static partial void Retrying(this ILogger logger, string integration, string method, int attempt, string detail, double delayMilliseconds);

    [LoggerMessage(1212, LogLevel.Warning, "{Integration}/{Method}: the call failed ({Detail}): {Reason}")]
    public static partial void CallFailed(this ILogger logger, string integration, string method, string detail, string reason);

    [LoggerMessage(1213, LogLevel.Warning, "Breaker of {Name}: open for {Seconds} s, the origin is left alone.")]
    public static partial void BreakerOpened(this ILogger logger, string name, double seconds);

    [LoggerMessage(1214, LogLevel.Information, "Breaker of {Name}: half-open, one call tries.")]
    public static partial void BreakerHalfOpened(this ILogger logger, string name);

    [LoggerMessage(1215, LogLevel.Information, "Breaker of {Name}: closed, the origin is called as ever.")]
    public static partial void BreakerClosed(this ILogger logger, string name);

    [LoggerMessage(1216, LogLevel.Debug, "{Integration}/{Method}: its permit lapsed before the call could leave; it took another.")]
    public static partial void PermitRenewed(this ILogger logger, string integration, string method);
}
