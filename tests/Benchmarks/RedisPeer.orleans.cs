using StackExchange.Redis;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>Raw Redis through StackExchange.Redis: the ruler for the wire.</summary>
internal sealed class RedisPeer(ConnectionMultiplexer connection) : IAsyncDisposable
{
    private static readonly RedisKey[] Names = [.. Enumerable.Range(0, 1 << 10).Select(i => (RedisKey)$"raw:customer-{i:D8}")];

    public static async Task<RedisPeer?> ConnectAsync(RedisServer server)
    {
        var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port}");
        foreach (var name in Names)
            await connection.GetDatabase().StringSetAsync(name, Payload.Value);
        return new(connection);
    }

    public Contender Get => new("raw Redis GET", async i => await connection.GetDatabase().StringGetAsync(Names[i & 0x3ff]));

    public Contender Set => new("raw Redis SET", async i => await connection.GetDatabase().StringSetAsync(Names[i & 0x3ff], Payload.Value));

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
