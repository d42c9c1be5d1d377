namespace OrleansCache.Redis;

/// <summary>The commands that the tests use.</summary>
internal static class RedisCommands
{
    extension(RedisClient client)
    {
        public async ValueTask<byte[]?> GetAsync(RedisArgument key, CancellationToken cancellationToken = default)
            => (await client.ExecuteAsync(["GET", key], cancellationToken)).AsBytes();

        public async ValueTask SetAsync(RedisArgument key, RedisArgument value, TimeSpan? expiry = null, CancellationToken cancellationToken = default)
            => await client.ExecuteAsync(expiry is { } lifetime ? ["SET", key, value, "PX", (long)lifetime.TotalMilliseconds] : ["SET", key, value], cancellationToken);

        public async ValueTask<long> PublishAsync(RedisArgument channel, RedisArgument message, CancellationToken cancellationToken = default)
            => (await client.ExecuteAsync(["PUBLISH", channel, message], cancellationToken)).AsInt64();

        public async ValueTask PingAsync(CancellationToken cancellationToken = default) => await client.ExecuteAsync(["PING"], cancellationToken);

        public async ValueTask<long> TimeAsync(CancellationToken cancellationToken = default)
        {
            var reply = await client.ExecuteAsync(["TIME"], cancellationToken);
            return (reply[0].AsInt64() * 1_000_000) + reply[1].AsInt64();
        }

        public async ValueTask<string> InfoAsync(string section, CancellationToken cancellationToken = default)
            => (await client.ExecuteAsync(["INFO", section], cancellationToken)).AsString()!;
    }
}
