using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: the runtime in <c>engines/builtin</c>.</summary>
internal static class EngineHosting
{
    public const string Name = "builtin";

    /// <summary>The port that clients in other processes connect to: silos and clients share one.</summary>
    public static int ClientPort(SiloEndpointOptions endpoint) => endpoint.EffectivePort;

    /// <param name="builder">Of the process.</param>
    /// <param name="options">Who and where.</param>
    /// <param name="redis">Unused here: the store itself tells where the silos are.</param>
    public static void AddSilo(IHostApplicationBuilder builder, CacheSiloOptions options, string? redis)
    {
        builder.Services.AddEngineSilo(engine =>
        {
            engine.ClusterId = options.ClusterId;
            engine.Endpoint = new(IPAddress.Parse(options.Silo.Address), options.Silo.EffectivePort);
            engine.Tls = SiloTls.Of(options.Silo.Tls);
        });
        builder.Services.AddEngineMemoryStorage(StorageServiceCollectionExtensions.GrainStorageName);      // unless a store is named
    }

    /// <summary>This engine has no dashboard of its own.</summary>
    public static IEndpointConventionBuilder? MapDashboard(IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return null;
    }
}
