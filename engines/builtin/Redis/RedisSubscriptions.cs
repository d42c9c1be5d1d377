using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Handler = System.Action<System.ReadOnlyMemory<byte>>;

namespace OrleansCache.Redis;

/// <summary>Who listens to which channel, over all connections of a client.</summary>
internal sealed class RedisSubscriptions(ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, Handler> _handlers = new(StringComparer.Ordinal);
    private RedisConnection? _connection;
    private int _protocol;

    /// <summary>Subscribes a new connection to everything, before it is used. Later additions go to it directly.</summary>
    public async Task RenewAsync(RedisConnection connection, int protocol, CancellationToken cancellationToken)
    {
        lock (_lock)
            (_connection, _protocol) = (connection, protocol);
        var channels = _handlers.Keys;
        if (protocol == 3)
            await Task.WhenAll(channels.Select(channel => SubscribeAsync(connection, channel, cancellationToken))).ConfigureAwait(false);
        else if (channels.Count > 0)
            logger.SubscriptionsRest(channels.Count);
    }

    public async ValueTask<IAsyncDisposable> AddAsync(string channel, Handler handler, CancellationToken cancellationToken)
    {
        RedisConnection? connection;
        lock (_lock)
        {
            connection = _connection;
            if (connection is not null && _protocol == 2)
                throw new NotSupportedException("This server speaks RESP2 only; subscriptions need RESP3, that is, Redis 6 or later.");
            _handlers[channel] = _handlers.GetValueOrDefault(channel) + handler;
        }
        var subscription = new Subscription(this, channel, handler);
        try
        {
            if (connection is { IsBroken: false })
                await SubscribeAsync(connection, channel, cancellationToken).ConfigureAwait(false);
        }
        catch (RedisConnectionException)
        {
            // The next connection subscribes.
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return subscription;
    }

    /// <summary>Takes a push off the read loop.</summary>
    public void Deliver(RedisReply push)
    {
        if (push.Items is not [var kind, var channel, var payload] || kind.AsString() != "message")
            return;
        foreach (var handler in Delegate.EnumerateInvocationList(_handlers.GetValueOrDefault(channel.AsString()!)))
        {
            try
            {
                handler(payload.AsBytes());
            }
            catch (Exception exception)
            {
                logger.HandlerThrew(exception);
            }
        }
    }

    private void Remove(string channel, Handler handler)
    {
        lock (_lock)
        {
            if (_handlers.GetValueOrDefault(channel) - handler is { } left)
                _handlers[channel] = left;
            else if (_handlers.TryRemove(channel, out _) && _protocol == 3)
                _connection?.Send(["UNSUBSCRIBE", channel], answeredByPush: true);
        }
    }

    private static async Task SubscribeAsync(RedisConnection connection, string channel, CancellationToken cancellationToken)
        => await connection.Send(["SUBSCRIBE", channel], answeredByPush: true).AsTask(cancellationToken).ConfigureAwait(false);

    private sealed class Subscription(RedisSubscriptions owner, string channel, Handler handler) : IAsyncDisposable
    {
        private int _disposed;

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                owner.Remove(channel, handler);
            return ValueTask.CompletedTask;
        }
    }
}
