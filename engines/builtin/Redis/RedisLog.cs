using Microsoft.Extensions.Logging;

namespace OrleansCache.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(200, LogLevel.Information, "Connected to Redis at {EndPoint}, RESP{Protocol}, database {Database}.")]
    public static partial void Connected(this ILogger logger, string endPoint, int protocol, int database);

    [LoggerMessage(201, LogLevel.Warning, "The connection to Redis at {EndPoint} was lost; commands fail until it is back.")]
    public static partial void Lost(this ILogger logger, Exception cause, string endPoint);

    [LoggerMessage(202, LogLevel.Warning, "Redis at {EndPoint} was not reached (attempt {Attempt}); the next attempt follows.")]
    public static partial void NotReached(this ILogger logger, Exception cause, string endPoint, int attempt);

    [LoggerMessage(203, LogLevel.Error, "A handler of a Redis message or event threw; the next are served.")]
    public static partial void HandlerThrew(this ILogger logger, Exception exception);

    [LoggerMessage(204, LogLevel.Warning, "Redis speaks RESP2 only; {Channels} subscriptions rest until it speaks RESP3.")]
    public static partial void SubscriptionsRest(this ILogger logger, int channels);
}
