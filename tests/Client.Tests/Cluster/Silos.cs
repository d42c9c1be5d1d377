using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Some silos in this process, and clients that reach them over TCP as other processes do. More than one share a Redis.</summary>
internal sealed class Silos : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];
    private readonly List<string> _addresses = [];
    private RedisServer? _redis;

    /// <summary>Starts them, one after the other, and waits until all are members.</summary>
    public static Task<Silos> StartAsync(int count, params (string Path, string Value)[] settings) => StartAsync(count, static _ => { }, settings);

    /// <summary>The same, with what the test adds to each.</summary>
    public static async Task<Silos> StartAsync(int count, Action<HostApplicationBuilder> build, params (string Path, string Value)[] settings)
    {
        var silos = new Silos();
        try
        {
            if (count > 1)
            {
                Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
                silos._redis = await RedisServer.StartAsync();
            }

            for (var i = 0; i < count; i++)
                await silos.StartOneAsync(build, settings);
            return silos;
        }
        catch
        {
            await silos.DisposeAsync();
            throw;
        }
    }

    /// <summary>Of the first silo.</summary>
    public IServiceProvider Services => _hosts[0].Services;

    /// <summary>A client host, with what the test adds to it.</summary>
    public async Task<IHost> ConnectAsync(Action<HostApplicationBuilder>? build = null, params (string Path, string Value)[] settings)
    {
        var builder = Builder([.. settings, ("ConnectionStrings:cache", string.Join(',', _addresses))]);
        builder.AddOrleansCacheClient("cache");
        build?.Invoke(builder);
        var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch
        {
            host.Dispose();     // one that never started cannot be stopped
            throw;
        }

        _hosts.Add(host);
        return host;
    }

    public async Task<IOrleansCache> CacheAsync() => (await ConnectAsync()).Services.GetRequiredService<IOrleansCache>();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }

        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    private async Task StartOneAsync(Action<HostApplicationBuilder> build, (string Path, string Value)[] settings)
    {
        var port = FreePort.Next(2);
        var builder = Builder([.. settings, ("OrleansCache:Silo:Port", Text(port)), ("OrleansCache:Silo:ClientPort", Text(port + 1))]);
        if (_redis is null)
        {
            builder.AddOrleansCacheSilo();
        }
        else
        {
            builder.Configuration["ConnectionStrings:redis"] = _redis.EndPoint;
            builder.AddOrleansCacheSilo("redis");
        }

        build(builder);
        var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch
        {
            host.Dispose();     // one that never started cannot be stopped
            throw;
        }

        _hosts.Add(host);
        _addresses.Add($"127.0.0.1:{Text(EngineHosting.ClientPort(new() { Port = port, ClientPort = port + 1 }))}");
    }

    private static HostApplicationBuilder Builder(params (string Path, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Path, s.Value)));
        return builder;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
