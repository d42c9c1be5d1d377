using System.Collections.Concurrent;
using System.Text;
using OrleansCache.TestSupport;

namespace OrleansCache.Redis;

/// <summary>A test with a redis-server of its own and clients that end with it.</summary>
public abstract class RedisTest : IAsyncLifetime
{
    private readonly ConcurrentBag<RedisClient> _clients = [];
    private RedisServer? _server;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected virtual RedisServerOptions ServerOptions => new();

    protected RedisServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(ServerOptions, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected Task<RedisClient> ConnectAsync(string options = "", string host = "127.0.0.1", TimeProvider? clock = null)
        => ConnectAsync(RedisConnectionOptions.Parse($"{host}:{Server.Port},{options}"), clock);

    protected async Task<RedisClient> ConnectAsync(RedisConnectionOptions options, TimeProvider? clock = null)
    {
        var client = await RedisClient.ConnectAsync(options, clock, cancellationToken: Cancellation);
        _clients.Add(client);
        return client;
    }

    protected static async Task<string?> TextAsync(RedisClient client, string key)
        => await client.GetAsync(key, Cancellation) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Moves the clock on by small steps until the condition holds.</summary>
    protected static Task AdvanceUntilAsync(ManualTimeProvider clock, TimeSpan step, Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            if (!condition())
                clock.Advance(step);
            return condition();
        },
        cancellationToken: Cancellation);
}
