using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: storage over StackExchange.Redis.</summary>
internal sealed class RedisDatabase(string connectionString, TimeProvider time) : IRedisDatabase
{
    /// <summary>Milliseconds between two attempts to connect. Silos that find Redis again a lease apart would take each other for dead.</summary>
    private const int LongestPause = 1_000;

    private static readonly TimeSpan SubscriberLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SubscriberPause = TimeSpan.FromMilliseconds(10);

    private readonly ConfigurationOptions _options = Options(connectionString);
    private ConnectionMultiplexer? _connection;

    public string Description => string.Join(',', _options.EndPoints);

    public bool IsConnected => _connection?.IsConnected ?? false;

    public string? LastFailure { get; private set; }

    private IDatabase Database => _connection?.GetDatabase() ?? throw new StoreUnavailableException("Redis is not connected yet.", maybeApplied: false);

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _connection = await ConnectionMultiplexer.ConnectAsync(_options).WaitAsync(cancellationToken).ConfigureAwait(false);
        _connection.ConnectionFailed += (_, failure) => LastFailure = failure.Exception?.Message ?? failure.FailureType.ToString();
        var (subscriber, began) = (_connection.GetSubscriber(), time.GetTimestamp());
        while (IsConnected && !subscriber.IsConnected() && time.GetElapsedTime(began) < SubscriberLimit)     // it has a connection of its own, which nothing waited for
            await Task.Delay(SubscriberPause, time, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<RedisAnswer> EvaluateAsync(RedisScriptText script, string key, RedisWord[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return Answer(await Database.ScriptEvaluateAsync(script.Text, [key], [.. arguments.Select(word => (RedisValue)word.Bytes)])
                .WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (IsRedis(exception))
        {
            throw Unavailable(exception);
        }
    }

    public async ValueTask<RedisAnswer> ExecuteAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            return Answer(await Database.ExecuteAsync(command[0], [.. command[1..]]).WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (IsRedis(exception))
        {
            throw Unavailable(exception);
        }
    }

    public async ValueTask<IAsyncDisposable> SubscribeAsync(string channel, Action<ReadOnlyMemory<byte>> handler, CancellationToken cancellationToken)
    {
        var subscriber = _connection?.GetSubscriber() ?? throw new StoreUnavailableException("Redis is not connected yet.", maybeApplied: false);
        Action<RedisChannel, RedisValue> deliver = (_, message) => handler(message);
        var subscription = new Subscription(subscriber, channel, deliver);
        try
        {
            await subscriber.SubscribeAsync(RedisChannel.Literal(channel), deliver).WaitAsync(cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch (Exception exception)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);        // else it comes to be with the next connection
            if (IsRedis(exception))
                throw Unavailable(exception);
            throw;
        }
    }

    public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    // What waits here for a connection is told so at once, as on the other engine.
    private static ConfigurationOptions Options(string connectionString)
    {
        try
        {
            var options = ConfigurationOptions.Parse(connectionString);
            if (options.EndPoints.OfType<DnsEndPoint>().FirstOrDefault(static named => named.Host.Contains(':', StringComparison.Ordinal)) is { } strange)
                throw new ArgumentException($"'{strange.Host}' is neither host:port, with a port from 1 to 65535, nor key=value.");
            options.AbortOnConnectFail = false;
            options.BacklogPolicy = BacklogPolicy.FailFast;
            options.ReconnectRetryPolicy = new LinearRetry(LongestPause);
            return options;
        }
        catch (ArgumentException exception)
        {
            throw new StartRefusedException($"ConnectionStrings:redis (--redis) cannot be used: {exception.Message}", exception);
        }
    }

    private static bool IsRedis(Exception exception) => exception is RedisException or RedisTimeoutException or ObjectDisposedException;

    private static StoreUnavailableException Unavailable(Exception exception) => new(
        exception.Message,
        exception switch
        {
            RedisServerException or ObjectDisposedException => false,
            RedisTimeoutException timeout => timeout.Commandstatus == CommandStatus.Sent || timeout.Commandstatus == CommandStatus.Unknown,
            RedisConnectionException broken => broken.CommandStatus == CommandStatus.Sent || broken.CommandStatus == CommandStatus.Unknown,
            _ => true,
        },
        exception);

    private static RedisAnswer Answer(RedisResult result) => result.Resp2Type switch
    {
        _ when result.IsNull => default,
        ResultType.Integer => new(null, (long)result, null),
        ResultType.Array => new(null, 0, [.. ((RedisResult[])result!).Select(Answer)]),
        ResultType.Error => throw new StoreUnavailableException(string.Create(CultureInfo.InvariantCulture, $"Redis answered: {result}"), maybeApplied: false),
        _ => new((byte[]?)result, 0, null),
    };

    private sealed class Subscription(ISubscriber subscriber, string channel, Action<RedisChannel, RedisValue> deliver) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await subscriber.UnsubscribeAsync(RedisChannel.Literal(channel), deliver, CommandFlags.FireAndForget).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsRedis(exception))
            {
                // The connection ended first, and the subscription with it.
            }
        }
    }
}
