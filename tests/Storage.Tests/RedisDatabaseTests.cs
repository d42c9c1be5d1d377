using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>What a host may rely on: its parts begin when the connection is there, and end in an order that none of them may lean on.</summary>
public sealed class RedisDatabaseTests : IAsyncLifetime
{
    private RedisServer? _server;
    private IHost? _host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IRedisDatabase Redis => _host!.Services.GetRequiredService<IRedisDatabase>();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(cancellationToken: Cancellation);
        _host = RedisHost.Build(_server.EndPoint);
        await Redis.ConnectAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    // A connection of StackExchange.Redis' for subscriptions that came late was seen once in 300 on a busy machine.
    [Fact]
    public Task Who_has_just_connected_may_subscribe() => Parallel.ForAsync(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Cancellation }, async (_, cancellation) =>
    {
        using var host = RedisHost.Build(_server!.EndPoint);
        var redis = host.Services.GetRequiredService<IRedisDatabase>();
        await redis.ConnectAsync(cancellation);

        await (await redis.SubscribeAsync("news", static _ => { }, cancellation)).DisposeAsync();
        await redis.DisposeAsync();
    });

    [Fact]
    public async Task A_subscription_that_failed_hears_nothing_once_there_is_a_connection()
    {
        await using var proxy = TcpProxy.To(_server!.Port);
        using var host = RedisHost.Build(proxy.EndPoint);
        var redis = host.Services.GetRequiredService<IRedisDatabase>();
        await redis.ConnectAsync(Cancellation);
        proxy.Cut();
        await Eventually.TrueAsync(() => !redis.IsConnected, cancellationToken: Cancellation);
        var heard = new ConcurrentQueue<string>();
        var lost = false;
        try
        {
            await redis.SubscribeAsync("news", _ => heard.Enqueue("failed"), Cancellation);
        }
        catch (StoreUnavailableException)
        {
            lost = true;
        }

        proxy.Heal();
        await Eventually.TrueAsync(() => redis.IsConnected, cancellationToken: Cancellation);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await redis.SubscribeAsync("other", _ => heard.Enqueue("other"), Cancellation);
                    return true;
                }
                catch (StoreUnavailableException)
                {
                    return false;
                }
            },
            cancellationToken: Cancellation);
        await redis.ExecuteAsync(["PUBLISH", "news", "1"], Cancellation);
        await redis.ExecuteAsync(["PUBLISH", "other", "1"], Cancellation);

        await Eventually.TrueAsync(() => heard.Contains("other"), cancellationToken: Cancellation);
        Assert.Equal(!lost, heard.Contains("failed"));
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task A_subscription_may_end_after_its_connection()
    {
        var subscription = await Redis.SubscribeAsync("news", static _ => { }, Cancellation);

        await Redis.DisposeAsync();

        await subscription.DisposeAsync();
    }

    [Fact]
    public async Task After_its_end_a_connection_is_unavailable_and_nothing_was_done()
    {
        await Redis.DisposeAsync();

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Redis.ExecuteAsync(["PING"], Cancellation));
        Assert.False(refused.MaybeApplied);
    }
}
