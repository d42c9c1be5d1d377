using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Silo.Tests;

/// <summary>A client that names only the Redis that its silo uses, over TCP to a silo in another process.</summary>
public sealed class FoundThroughRedisTests
{
    private static readonly CacheKey Key = CacheKey.Of("r", "k");

    private static bool OnOrleans => typeof(IGrainFactory).Namespace == "Orleans";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_finds_the_silo_that_serves_from_redis()
    {
        await using var redis = await StartRedisAsync();
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint);
        using var put = await silo.PutAsync("r", "k", "over http");
        using var host = Client(redis.EndPoint);
        await host.StartAsync(Ct);
        var cache = host.Services.GetRequiredService<IOrleansCache>();

        Assert.Equal("over http", (await cache.GetAsync<string>(Key, Ct)).Value);
        await cache.SetAsync(Key, "over tcp", ct: Ct);

        using var got = await silo.GetAsync(SiloProcess.EntryPath("r", "k"));
        Assert.Equal("over tcp", await got.TextAsync());
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_silo_that_listens_on_every_address_is_found_by_its_machines_name()
    {
        await using var redis = await StartRedisAsync();
        var name = await Dns.GetHostAddressesAsync(Environment.MachineName, Ct).ContinueWith(static found => found.IsCompletedSuccessfully, TaskScheduler.Default);
        Assert.SkipUnless(name, "This machine's name cannot be resolved.");
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint, arguments: "--OrleansCache:Silo:Address=0.0.0.0");
        await Eventually.TrueAsync(
            async () =>
            {
                using var put = await silo.PutAsync("r", "k", "there");
                return put.IsSuccessStatusCode;         // not before the silo can prove its right
            },
            cancellationToken: Ct);
        using var host = Client(redis.EndPoint);
        await host.StartAsync(Ct);

        var cache = host.Services.GetRequiredService<IOrleansCache>();
        await Eventually.TrueAsync(async () => await ReadAsync(cache) == "there", cancellationToken: Ct);
        await host.StopAsync(Ct);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silo_that_moved_to_another_port_is_found(bool killed)
    {
        await using var redis = await StartRedisAsync();
        await using var first = await SiloProcess.StartAsync(redis: redis.EndPoint);
        using var host = Client(redis.EndPoint);
        await host.StartAsync(Ct);
        var cache = host.Services.GetRequiredService<IOrleansCache>();
        await cache.SetAsync(Key, "kept", ct: Ct);

        if (killed)
            await first.KillAsync();
        else
            Assert.Equal(0, await first.Process.StopAsync(TimeSpan.FromSeconds(30)));
        await using var second = await SiloProcess.StartAsync(redis: redis.EndPoint);

        await Eventually.TrueAsync(async () => await ReadAsync(cache) == "kept", TimeSpan.FromSeconds(30), Ct);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_client_that_starts_before_redis_and_silo_says_what_is_missing_and_finds_both()
    {
        await using var redis = await StartRedisAsync();
        await redis.KillAsync();
        using var logs = new RecordingLoggers();
        using var host = Client(redis.EndPoint, logs, ("OrleansCache:Client:CallTimeout", "00:00:02"));
        var starting = host.StartAsync(Ct);
        if (OnOrleans)
        {
            await Eventually.TrueAsync(() => logs.Lines.Any(line => line.Contains($"redis={redis.EndPoint}", StringComparison.Ordinal)), cancellationToken: Ct);
            Assert.False(starting.IsCompleted);
        }
        else
        {
            await starting;
            var refused = await Assert.ThrowsAsync<CacheUnavailableException>(() => host.Services.GetRequiredService<IOrleansCache>().GetAsync<string>(Key, Ct).AsTask());
            Assert.Contains(redis.EndPoint, refused.Message, StringComparison.Ordinal);
        }

        await redis.RestartAsync(Ct);
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint);
        using var put = await silo.PutAsync("r", "k", "there");
        await starting.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct);

        var cache = host.Services.GetRequiredService<IOrleansCache>();
        await Eventually.TrueAsync(async () => await ReadAsync(cache) == "there", cancellationToken: Ct);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_silo_of_another_cluster_is_not_taken()
    {
        Assert.SkipWhen(OnOrleans, "On Orleans the start of a client waits for its silo.");
        await using var redis = await StartRedisAsync();
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint);
        using var host = Client(redis.EndPoint, null, ("OrleansCache:ClusterId", "blue"), ("OrleansCache:Client:CallTimeout", "00:00:02"));
        await host.StartAsync(Ct);

        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(() => host.Services.GetRequiredService<IOrleansCache>().GetAsync<string>(Key, Ct).AsTask());

        Assert.Contains("no silo of cluster 'blue'", refused.Message, StringComparison.Ordinal);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_silo_that_said_goodbye_is_not_looked_for()
    {
        Assert.SkipWhen(OnOrleans, "On Orleans the start of a client waits for its silo.");
        await using var redis = await StartRedisAsync();
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint);
        await silo.Process.StopAsync(TimeSpan.FromSeconds(30));
        using var host = Client(redis.EndPoint, null, ("OrleansCache:Client:CallTimeout", "00:00:02"));
        await host.StartAsync(Ct);

        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(() => host.Services.GetRequiredService<IOrleansCache>().GetAsync<string>(Key, Ct).AsTask());

        Assert.Contains("no silo of cluster 'default' that runs", refused.Message, StringComparison.Ordinal);
        await host.StopAsync(Ct);
    }

    private static async Task<string?> ReadAsync(IOrleansCache cache)
    {
        try
        {
            return (await cache.GetAsync<string>(Key, Ct)).Value;
        }
        catch (CacheUnavailableException)
        {
            return null;
        }
    }

    private static Task<RedisServer> StartRedisAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        return RedisServer.StartAsync(new() { AppendOnly = true }, Ct);
    }

    private static IHost Client(string redis, ILoggerProvider? logs = null, params (string Path, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Append(("ConnectionStrings:cache", $"redis={redis}")).Select(s => new KeyValuePair<string, string?>(s.Item1, s.Item2)));
        if (logs is not null)
            builder.Logging.AddProvider(logs);
        builder.AddOrleansCacheClient("cache");
        builder.Services.Configure<HostOptions>(static host => host.StartupTimeout = TimeSpan.FromMinutes(1));
        return builder.Build();
    }
}
