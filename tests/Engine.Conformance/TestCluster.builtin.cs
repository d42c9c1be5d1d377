using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>One silo and a client outside it, over TCP, on engine builtin.</summary>
public sealed partial class TestCluster
{
    public const bool HasChaos = true;

    private static async Task<(IHost Silo, IHost Client)> StartHostsAsync(TestClusterSettings settings)
    {
        var silo = Host.CreateEmptyApplicationBuilder(null);
        silo.Services.AddEngineSilo(o =>
        {
            o.Endpoint = new(IPAddress.Loopback, 0);
            o.ResponseTimeout = settings.ResponseTimeout;
            o.CollectionAge = settings.CollectionAge;
            o.Chaos = settings.Chaos ? new() { Seed = 7 } : null;
        });
        TestClusterSettings.SiloServices(silo.Services);
        var siloHost = silo.Build();
        await siloHost.StartAsync();

        var client = Host.CreateEmptyApplicationBuilder(null);
        client.Services.AddEngineClient(o =>
        {
            o.Endpoints.Add(siloHost.Services.GetRequiredService<SiloRuntime>().Listener.Endpoint!);
            o.ResponseTimeout = settings.ResponseTimeout;
            o.Chaos = settings.Chaos ? new() { Seed = 8 } : null;
        });
        var clientHost = client.Build();
        await clientHost.StartAsync();
        return (siloHost, clientHost);
    }
}
