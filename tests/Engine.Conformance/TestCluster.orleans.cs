using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansCache;

/// <summary>One silo and a client outside it, over TCP, on engine orleans.</summary>
public sealed partial class TestCluster
{
    public const bool HasChaos = false;

    private static async Task<(IHost Silo, IHost Client)> StartHostsAsync(TestClusterSettings settings)
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        var silo = Host.CreateEmptyApplicationBuilder(null);
        silo.UseOrleans(o =>
        {
            o.UseLocalhostClustering(siloPort, gatewayPort, serviceId: "conformance", clusterId: "conformance");
            o.Configure<SiloMessagingOptions>(m => m.ResponseTimeout = settings.ResponseTimeout);
            o.Configure<GrainCollectionOptions>(c =>
            {
                c.CollectionAge = settings.CollectionAge;
                c.CollectionQuantum = settings.CollectionAge / 2;
            });
        });
        TestClusterSettings.SiloServices(silo.Services);
        var siloHost = silo.Build();
        await siloHost.StartAsync();

        var client = Host.CreateEmptyApplicationBuilder(null);
        client.UseOrleansClient(o =>
        {
            o.UseLocalhostClustering(gatewayPort, serviceId: "conformance", clusterId: "conformance");
            o.Configure<ClientMessagingOptions>(m => m.ResponseTimeout = settings.ResponseTimeout);
        });
        var clientHost = client.Build();
        await clientHost.StartAsync();
        return (siloHost, clientHost);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
