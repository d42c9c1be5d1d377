using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>A silo that keeps values in memory, and clients that reach it over TCP as other processes do.</summary>
internal sealed class OneSilo : IAsyncDisposable
{
    private readonly int _port = FreePort.Next(2);
    private readonly List<IHost> _hosts = [];

    /// <summary>The connection string of its clients.</summary>
    public string Address => $"127.0.0.1:{Text(EngineHosting.ClientPort(new() { Port = _port, ClientPort = _port + 1 }))}";

    public async Task<IHost> StartAsync(params (string Path, string Value)[] settings)
    {
        var builder = Builder([.. settings, ("OrleansCache:Silo:Port", Text(_port)), ("OrleansCache:Silo:ClientPort", Text(_port + 1))]);
        builder.AddOrleansCacheSilo();
        return await StartedAsync(builder.Build());
    }

    public async Task<IOrleansCache> ConnectAsync(Action<OrleansCacheClientOptions>? configure = null) =>
        (await ConnectedAsync(configure)).Services.GetRequiredService<IOrleansCache>();

    public async Task<IHost> ConnectedAsync(Action<OrleansCacheClientOptions>? configure = null)
    {
        var builder = Builder([("ConnectionStrings:cache", Address)]);
        builder.AddOrleansCacheClient("cache", configure);
        return await StartedAsync(builder.Build());
    }

    /// <summary>What a client logs whose start finds no silo that lets it in; returns when that was enough.</summary>
    public async Task<string> LogOfStartAsync(Action<OrleansCacheClientOptions> configure, Func<string, bool> isEnough)
    {
        var builder = Builder([("ConnectionStrings:cache", Address)]);
        builder.AddOrleansCacheClient("cache", configure);
        using var log = new TextLog();
        builder.Logging.AddProvider(log);
        using var host = builder.Build();
        using var end = new CancellationTokenSource();
        var start = host.StartAsync(end.Token);
        await Eventually.TrueAsync(() => isEnough(log.Text) || start.IsCompleted, cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(start.IsCompleted, "it was let in");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => start);
        return log.Text;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private async Task<IHost> StartedAsync(IHost host)
    {
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

    private static HostApplicationBuilder Builder(params (string Path, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Path, s.Value)));
        return builder;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
