using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>One silo and a client outside it.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private IHost _silo = null!;

    public IGrainFactory Hosted => _silo.Services.GetRequiredService<IGrainFactory>();

    private IHost _client = null!;

    public IClusterClient Client => _client.Services.GetRequiredService<IClusterClient>();

    public IServiceProvider Services => _silo.Services;

    public static async Task<TestCluster> StartAsync(Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddConsole();
        builder.Services.AddEngineSilo(o => o.Endpoint = new(IPAddress.Loopback, 0));
        builder.Services.AddEngineMemoryStorage();
        services?.Invoke(builder.Services);
        var cluster = new TestCluster { _silo = builder.Build() };
        await cluster._silo.StartAsync();
        var endpoint = cluster._silo.Services.GetRequiredService<SiloRuntime>().Listener.Endpoint!;
        var client = Host.CreateEmptyApplicationBuilder(null);
        client.Logging.AddConsole();
        client.Services.AddEngineClient(o => o.Endpoints.Add(endpoint));
        cluster._client = client.Build();
        await cluster._client.StartAsync();
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        await _client.StopAsync();
        _client.Dispose();
        await _silo.StopAsync();
        _silo.Dispose();
    }
}
