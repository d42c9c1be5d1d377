using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: the runtime in <c>engines/builtin</c>.</summary>
internal static class EngineHosting
{
    public const string Name = "builtin";

    /// <summary>Bytes that an active entry takes beside its key and value, with what the heap keeps free.</summary>
    public const int EntryOverhead = 1_000;

    /// <summary>A client is small: a silo can afford one of its own for a moment.</summary>
    public const bool IsClientLight = true;

    /// <summary>None: silos publish names, and whoever looks for one asks what its name means there.</summary>
    public static IPAddress? PublishedAddress(IServiceProvider services) => null;

    /// <summary>The port that clients in other processes connect to: silos and clients share one.</summary>
    public static int ClientPort(SiloEndpointOptions endpoint) => endpoint.EffectivePort;

    /// <param name="builder">Of the process.</param>
    /// <param name="options">Who and where.</param>
    /// <param name="redis">Shared by the silos, whose views route calls; null or empty: this silo is alone.</param>
    public static void AddSilo(IHostApplicationBuilder builder, CacheSiloOptions options, string? redis)
    {
        builder.Services.AddEngineSilo(engine =>
        {
            engine.ClusterId = options.ClusterId;
            engine.Endpoint = new(IPAddress.Parse(options.Silo.Address), options.Silo.EffectivePort);
            engine.Tls = SiloTls.Of(options.Silo.Tls);
            engine.TlsToSilos = SiloTls.ToSilos(options.Silo.Tls);
        });
        if (redis is { Length: > 0 })
        {
            builder.Services.AddSingleton<IGrainRouter, OwnerRoutes>();
            builder.Services.AddClusterEntry();     // others send calls as soon as this silo has joined: by then it listens
            builder.Services.AddOptions<EngineSiloOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (engine, client) => engine.ResponseTimeout = client.Value.AttemptTimeout);
        }
        builder.Services.AddEngineMemoryStorage(StorageServiceCollectionExtensions.GrainStorageName);      // unless a store is named
    }

    /// <summary>This engine has no dashboard of its own.</summary>
    public static IEndpointConventionBuilder? MapDashboard(IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return null;
    }
}
