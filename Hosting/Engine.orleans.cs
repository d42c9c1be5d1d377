using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: the official packages.</summary>
internal static class EngineHosting
{
    public const string Name = "orleans";

    /// <summary>The port that clients in other processes connect to.</summary>
    public static int ClientPort(SiloEndpointOptions endpoint) => endpoint.EffectiveClientPort;

    public static void AddSilo(IHostApplicationBuilder builder, CacheSiloOptions options)
    {
        if (options.Silo.Tls.CertificateFile is { } certificate)
            throw new StartRefusedException($"OrleansCache:Silo:Tls:CertificateFile is '{certificate}': TLS is not wired on engine orleans; remove it, or use engine builtin.");
        builder.UseOrleans(silo =>
        {
            var address = IPAddress.Parse(options.Silo.Address);
            silo.UseLocalhostClustering(options.Silo.EffectivePort, options.Silo.EffectiveClientPort, serviceId: options.ClusterId, clusterId: options.ClusterId);
            silo.Configure<EndpointOptions>(endpoint =>
            {
                endpoint.AdvertisedIPAddress = address;
                endpoint.SiloListeningEndpoint = new(address, options.Silo.EffectivePort);
                endpoint.GatewayListeningEndpoint = new(address, options.Silo.EffectiveClientPort);
            });
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(10));
            if (!builder.Services.Any(service => service.IsKeyedService && Equals(service.ServiceKey, StorageServiceCollectionExtensions.GrainStorageName)))
                silo.AddMemoryGrainStorage(StorageServiceCollectionExtensions.GrainStorageName);
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        });
    }

    /// <summary>Maps the official Orleans dashboard.</summary>
    public static IEndpointConventionBuilder? MapDashboard(IEndpointRouteBuilder endpoints) => endpoints.MapOrleansDashboard("/orleans");
}
