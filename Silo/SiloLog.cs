namespace OrleansCache;

internal static partial class SiloLog
{
    [LoggerMessage(1701, LogLevel.Error, "{Method} {TraceId} was answered with 500.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string traceId);

    [LoggerMessage(1702, LogLevel.Warning, "The sample origin ended with exit code {ExitCode}; the silo goes on without it.")]
    public static partial void OriginEnded(this ILogger logger, int exitCode);

    [LoggerMessage(1703, LogLevel.Warning, "The dashboard could not ask the integrations; it shows what this silo counted itself.")]
    public static partial void IntegrationsNotAsked(this ILogger logger, Exception exception);

    [LoggerMessage(1704, LogLevel.Debug, "The silo warmed up for {Milliseconds} ms, with {Loads} loads.")]
    public static partial void WarmedUp(this ILogger logger, long milliseconds, int loads);

    [LoggerMessage(1706, LogLevel.Warning, "Credentials for {Integration} could not be exchanged at its auth service: {Reason}")]
    public static partial void ExchangeFailed(this ILogger logger, string integration, string reason);

    [LoggerMessage(1705, LogLevel.Debug, "The silo could not call itself to warm up; its first answers take longer.")]
    public static partial void WarmUpFailed(this ILogger logger, Exception exception);
}
