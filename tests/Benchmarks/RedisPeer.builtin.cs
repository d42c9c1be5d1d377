using OrleansCache.Redis;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>Raw Redis through our own client: the ruler for the wire.</summary>
internal sealed class RedisPeer(RedisClient client) : IAsyncDisposable
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 1 << 10).Select(i => $"raw:customer-{i:D8}")];

    public static async Task<RedisPeer?> ConnectAsync(RedisServer server)
    {
        var client = await RedisClient.ConnectAsync(RedisConnectionOptions.Parse($"127.0.0.1:{server.Port}"));
        foreach (var name in Names)
            await client.ExecuteAsync(["SET", name, Payload.Value]);
        return new(client);
    }

    public Contender Get => new("raw Redis GET", async i => await client.ExecuteAsync(["GET", Names[i & 0x3ff]]));

    public Contender Set => new("raw Redis SET", async i => await client.ExecuteAsync(["SET", Names[i & 0x3ff], Payload.Value]));

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
