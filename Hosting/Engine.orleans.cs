using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;
using Orleans.Runtime.GrainDirectory;
using StackExchange.Redis;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: the official packages.</summary>
internal static class EngineHosting
{
    public const string Name = "orleans";

    /// <summary>Bytes that an active entry takes beside its key and value, with what the heap keeps free.</summary>
    public const int EntryOverhead = 2_500;

    /// <summary>Between two tellings of a silo's load to each other one. Keys are placed by the view and not by load: it is for grains that are not ours.</summary>
    private static readonly TimeSpan PaceOfLoad = TimeSpan.FromMinutes(1);

    /// <summary>A client is nearly as large as a silo, and takes as long to start.</summary>
    public const bool IsClientLight = false;

    /// <summary>Orleans knows silos by address: the one that this silo publishes.</summary>
    public static IPAddress? PublishedAddress(IServiceProvider services) => services.GetRequiredService<IOptions<EndpointOptions>>().Value.AdvertisedIPAddress;

    /// <summary>The port that clients in other processes connect to.</summary>
    public static int ClientPort(SiloEndpointOptions endpoint) => endpoint.EffectiveClientPort;

    /// <param name="builder">Of the process.</param>
    /// <param name="options">Who and where.</param>
    /// <param name="redis">Where silos and clients find each other; null or empty: this silo is alone.</param>
    public static void AddSilo(IHostApplicationBuilder builder, CacheSiloOptions options, string? redis)
    {
        if (redis is { Length: > 0 })
        {
            builder.Services.AddHostedService<EarlyEntry>();        // both before the silo, whose start waits for those who were killed
            builder.Services.AddHostedService<MembershipByOwnership>();
            builder.Services.AddHostedService<MembershipTableKeeper>();
            builder.Services.AddOptions<SiloOptions>().Configure<LeasedOwnership>(static (silo, own) => silo.SiloName = MembershipByOwnership.NameOf(own.Self, own.Incarnation));
        }
        builder.UseOrleans(silo =>
        {
            var address = IPAddress.Parse(options.Silo.Address);
            if (redis is { Length: > 0 })
            {
                silo.UseRedisClustering(clustering => clustering.ConfigurationOptions = ConfigurationOptions.Parse(redis));
                LeavableMembershipTable.Wrap(silo.Services);
                silo.Configure<ClusterOptions>(cluster => cluster.ClusterId = cluster.ServiceId = options.ClusterId);
                silo.Configure<ClusterMembershipOptions>(QuickToNotice);
                silo.Services.AddSingleton<PlacedDirectory, ViewDirectory>();
            }
            else
            {
                silo.Services.AddSingleton<PlacedDirectory, LoneDirectory>();
                silo.UseLocalhostClustering(options.Silo.EffectivePort, options.Silo.EffectiveClientPort, serviceId: options.ClusterId, clusterId: options.ClusterId);
            }
            silo.Services.AddSingleton<IGrainDirectoryResolver>(static provider => provider.GetRequiredService<PlacedDirectory>());
            silo.Services.AddSingleton<IGrainDirectoryCache>(static provider => provider.GetRequiredService<PlacedDirectory>());
            silo.Configure<EndpointOptions>(endpoint =>
            {
                endpoint.AdvertisedIPAddress = MachineName.IsUsed(options.Silo) ? MachineAddress.Of(address) : Advertised(options.Silo);
                (endpoint.SiloPort, endpoint.GatewayPort) = (options.Silo.EffectivePort, options.Silo.EffectiveClientPort);
                endpoint.SiloListeningEndpoint = new(address, options.Silo.EffectivePort);
                endpoint.GatewayListeningEndpoint = new(address, options.Silo.EffectiveClientPort);
            });
            silo.Configure<SiloMessagingOptions>(static messaging => messaging.ResponseTimeout = messaging.SystemResponseTimeout = TimeSpan.FromSeconds(10));
            if (!builder.Services.Any(service => service.IsKeyedService && Equals(service.ServiceKey, StorageServiceCollectionExtensions.GrainStorageName)))
                silo.AddMemoryGrainStorage(StorageServiceCollectionExtensions.GrainStorageName);
            EngineSiloTls.Use(silo, options.Silo.Tls);
            silo.Configure<DeploymentLoadPublisherOptions>(static load => load.DeploymentLoadPublisherRefreshTime = PaceOfLoad);
            EngineDashboard.AddTo(silo);
        });
        if (redis is { Length: > 0 })
            builder.Services.AddClusterEntry();     // others send calls as soon as this silo has joined: by then Orleans has it
    }

    // A silo that was killed, or whose machine is gone, is given up within seconds, see MembershipByOwnership; one that is paused after half a minute,
    // as Orleans takes for alive whom a connection had word of so lately: until then clients may send their calls to it, and Orleans ends the process
    // of whom it gave up.
    private static void QuickToNotice(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = membership.MinProbeTimeout = TimeSpan.FromSeconds(2);
        membership.NumMissedProbesLimit = 4;
        membership.NumVotesForDeathDeclaration = 1;
        membership.NumProbedSilos = 2;      // no more to do in a larger cluster
        membership.TableRefreshTimeout = membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
    }

    private static IPAddress Advertised(SiloEndpointOptions silo)
    {
        var name = silo.AdvertisedAddress ?? silo.Address;
        try
        {
            return IPAddress.TryParse(name, out var address) ? address : Dns.GetHostAddresses(name) is [var first, ..] ? first : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (SocketException exception)
        {
            throw new StartRefusedException($"OrleansCache:Silo:AdvertisedAddress is '{name}', which has no address here: {exception.Message} Engine orleans publishes the address itself; give one.", exception);
        }
    }

    /// <summary>Maps the official Orleans dashboard.</summary>
    public static IEndpointConventionBuilder? MapDashboard(IEndpointRouteBuilder endpoints) => endpoints.MapOrleansDashboard("/orleans");
}
