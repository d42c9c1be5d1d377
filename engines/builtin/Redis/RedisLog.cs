namespace OrleansCache.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(200, LogLevel.Information, "Connected to Redis at {EndPoint}, database {Database}.")]
    public static partial void Connected(this ILogger logger, string endPoint, int database);

    [LoggerMessage(201, LogLevel.Warning, "Redis at {EndPoint} is not connected; commands fail until it is.")]
    public static partial void NotConnected(this ILogger logger, Exception cause, string endPoint);

    [LoggerMessage(202, LogLevel.Error, "A handler of a Redis message or event threw; the next are served.")]
    public static partial void HandlerThrew(this ILogger logger, Exception exception);
}
