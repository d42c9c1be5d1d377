namespace OrleansCache.Redis;

public sealed partial class RedisClient
{
    private readonly ConcurrentDictionary<string, Action<ReadOnlyMemory<byte>>> _handlers = new(StringComparer.Ordinal);
    private readonly Lock _subscribing = new();
    private RedisConnection? _subscribed;

    /// <summary>
    /// Listens until disposed, also over later connections; while there is none it is taken up by the next. The handler runs on the
    /// read loop, message by message: it must be quick and must not block.
    /// </summary>
    /// <exception cref="ArgumentException">The channel has a handler already.</exception>
    public async ValueTask<IAsyncDisposable> SubscribeAsync(
        string channel, Action<ReadOnlyMemory<byte>> handler, CancellationToken cancellationToken = default)
    {
        ValueTask<RedisReply> confirmed;
        lock (_subscribing)
        {
            if (!_handlers.TryAdd(channel, handler))
                throw new ArgumentException($"Channel '{channel}' has a handler already; dispose of that, or serve both from one.", nameof(channel));
            confirmed = _subscribed is { IsBroken: false } open ? open.Send(["SUBSCRIBE", channel]).ReplyAsync(cancellationToken) : default;
        }
        var subscription = new Subscription(this, KeyValuePair.Create(channel, handler));
        try
        {
            await confirmed.ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // Subscribes a new connection to everything, before it is used. Later additions go to it directly.
    private Task<RedisReply[]> ResubscribeAsync(RedisConnection connection, CancellationToken cancellationToken)
    {
        using var scope = _subscribing.EnterScope();
        _subscribed = connection;
        return Task.WhenAll(_handlers.Keys.Select(key => connection.Send(["SUBSCRIBE", key]).ReplyAsync(cancellationToken).AsTask()));
    }

    // Takes a push off the read loop.
    private void Deliver(RedisReply push)
    {
        if (push.Items is [var kind, var channel, var message] && kind.AsString() == "message")
            Guarded(() => _handlers.GetValueOrDefault(channel.AsString()!)?.Invoke(message.AsBytes()));
    }

    private sealed class Subscription(RedisClient client, KeyValuePair<string, Action<ReadOnlyMemory<byte>>> handler) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            using var scope = client._subscribing.EnterScope();
            if (client._handlers.TryRemove(handler))
                client._subscribed?.Send(["UNSUBSCRIBE", handler.Key]);
            return ValueTask.CompletedTask;
        }
    }
}
