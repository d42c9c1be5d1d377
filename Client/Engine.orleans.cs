using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using StackExchange.Redis;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: the official packages.</summary>
internal static class EngineClient
{
    // An owner that lives answers within a slice. A call that was on its way to one that ended is told by nothing but this time-out.
    private static readonly TimeSpan BeyondSlice = TimeSpan.FromSeconds(1);

    public static void Add(IHostApplicationBuilder builder, ClientConnection connection)
    {
        builder.UseOrleansClient(client =>
        {
            if (connection.NamesRedis)
                client.UseRedisClustering(static _ => { });
            else
                client.UseStaticClustering((StaticGatewayListProviderOptions _) => { });
            client.UseConnectionRetryFilter<SiloSearch>();
        });
        builder.Services.AddSingleton<LearnedView>();       // calls do not go by it: they are repeated as soon as it changes
        builder.Services.AddSingleton<IKnownView>(static provider => provider.GetRequiredService<LearnedView>());
        builder.Services.AddHostedService<ViewWatch>();
        if (connection.NamesRedis)
            builder.Services.AddOptions<Orleans.Clustering.Redis.RedisClusteringOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (clustering, client) =>
                clustering.ConfigurationOptions = ConfigurationOptions.Parse(ClusterAddress.Parse(client.Value.Endpoints!).Redis!));
        else
            builder.Services.AddOptions<StaticGatewayListProviderOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (gateways, client) =>
                gateways.Gateways = [.. ClusterAddress.Parse(client.Value.Endpoints!).Silos.SelectMany(Resolved).Select(static silo => silo.ToGatewayUri())]);
        builder.Services.Configure<GatewayOptions>(static gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        builder.Services.AddOptions<ClusterOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (cluster, client) =>
            cluster.ClusterId = cluster.ServiceId = client.Value.ClusterId ?? "default");
        builder.Services.AddOptions<ClientMessagingOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (messaging, client) =>
            messaging.ResponseTimeout = Shorter(client.Value.AttemptTimeout, client.Value.Slice + BeyondSlice));
        builder.Services.AddOptions<ClientConnectionOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (link, client) =>
        {
            if (client.Value.Tls is { Enabled: true } tls)
                link.ConfigureConnection(connection => connection.UseClientTls(EngineTls.ToSilos(tls)));
        });
        builder.Services.AddOptions<ConnectionOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (link, client) =>
            (link.ConnectionsPerEndpoint, link.OpenConnectionTimeout) = (client.Value.Connections, client.Value.AttemptTimeout));
    }

    /// <summary>What this engine cannot do; null when it can.</summary>
    /// <exception cref="FormatException">Redis is named in a form that it does not understand.</exception>
    public static string? Refusal(ClusterAddress address, ClientConnection connection, OrleansCacheClientOptions options)
    {
        try
        {
            if (address.Redis is { } redis && ConfigurationOptions.Parse(redis).EndPoints.Count == 0)
                throw new FormatException("names no Redis; write redis=HOST:PORT[,options]");
        }
        catch (ArgumentException exception)
        {
            throw new FormatException($"names Redis in a form that cannot be read ({exception.Message.TrimEnd('.')})", exception);
        }
        return address.Redis is null == connection.NamesRedis ? "whether it is redis= is decided by the first AddOrleansCacheClient on engine orleans; set it there."
            : null;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static IEnumerable<IPEndPoint> Resolved(EndPoint silo) => silo is DnsEndPoint named
        ? Dns.GetHostAddresses(named.Host).Select(address => new IPEndPoint(address, named.Port))
        : [(IPEndPoint)silo];
}

/// <summary>The start waits until a silo is found and answers.</summary>
internal sealed class SiloSearch(IOptions<OrleansCacheClientOptions> options, TimeProvider time, ILogger<SiloSearch> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private string? _reason;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_reason != exception.Message)
            logger.SearchesSilo(ClusterAddress.Shown(options.Value.Endpoints!), _reason = exception.Message, options.Value.Tls.Enabled ? "with TLS, which the silo must have too" : "without TLS, which a silo that has it refuses");
        await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }
}
