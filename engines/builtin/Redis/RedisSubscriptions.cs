using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Redis;

/// <summary>Who listens to which channel, over all connections of a client.</summary>
internal sealed class RedisSubscriptions(ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, ImmutableArray<Action<ReadOnlyMemory<byte>>>> _handlers = new(StringComparer.Ordinal);
    private RedisConnection? _connection;
    private int _protocol;

    /// <summary>Subscribes a new connection to everything, before it is used. Later additions go to it directly.</summary>
    public async Task RenewAsync(RedisConnection connection, int protocol, CancellationToken cancellationToken)
    {
        string[] channels;
        lock (_lock)
        {
            (_connection, _protocol) = (connection, protocol);
            channels = [.. _handlers.Keys];
        }
        if (protocol == 2 && channels.Length > 0)
            logger.SubscriptionsRest(channels.Length);
        else
            await Task.WhenAll(channels.Select(channel => AskAsync(connection, "SUBSCRIBE", channel, cancellationToken))).ConfigureAwait(false);
    }

    public async ValueTask<IAsyncDisposable> AddAsync(string channel, Action<ReadOnlyMemory<byte>> handler, CancellationToken cancellationToken)
    {
        RedisConnection? connection;
        lock (_lock)
        {
            connection = _connection;
            if (connection is not null && _protocol == 2)
                throw new NotSupportedException("This server speaks RESP2 only; subscriptions need RESP3, that is, Redis 6 or later.");
            _handlers[channel] = _handlers.GetValueOrDefault(channel, []).Add(handler);
        }
        var subscription = new Subscription(this, channel, handler);
        try
        {
            if (connection is { IsBroken: false })
                await AskAsync(connection, "SUBSCRIBE", channel, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RedisServerException or OperationCanceledException)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (RedisConnectionException)
        {
            // The next connection subscribes.
        }
        return subscription;
    }

    /// <summary>Takes a push off the read loop.</summary>
    public void Deliver(RedisReply push)
    {
        if (push.Items is not [var kind, var channel, var payload] || kind.AsString() != "message")
            return;
        foreach (var handler in _handlers.GetValueOrDefault(channel.AsString() ?? "", []))
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

    private async ValueTask RemoveAsync(string channel, Action<ReadOnlyMemory<byte>> handler)
    {
        PendingCommand? unsubscribe = null;
        lock (_lock)
        {
            var left = _handlers.GetValueOrDefault(channel, []).Remove(handler);
            if (!left.IsEmpty)
                _handlers[channel] = left;
            else if (_handlers.TryRemove(channel, out _) && _connection is { IsBroken: false } && _protocol == 3)
                unsubscribe = _connection.Send(["UNSUBSCRIBE", channel], answeredByPush: true);
        }
        if (unsubscribe is null)
            return;
        try
        {
            await new ValueTask<RedisReply>(unsubscribe, unsubscribe.Version).ConfigureAwait(false);
        }
        catch (RedisException)
        {
            // A connection that cannot unsubscribe is about to end, and its subscriptions with it.
        }
    }

    private static async Task AskAsync(RedisConnection connection, string verb, string channel, CancellationToken cancellationToken)
    {
        var pending = connection.Send([verb, channel], answeredByPush: true);
        pending.CancelWith(cancellationToken);
        await new ValueTask<RedisReply>(pending, pending.Version).ConfigureAwait(false);
    }

    private sealed class Subscription(RedisSubscriptions owner, string channel, Action<ReadOnlyMemory<byte>> handler) : IAsyncDisposable
    {
        private int _disposed;

        public ValueTask DisposeAsync()
            => Interlocked.Exchange(ref _disposed, 1) == 0 ? owner.RemoveAsync(channel, handler) : ValueTask.CompletedTask;
    }
}
