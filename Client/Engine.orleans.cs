using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using StackExchange.Redis;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: the official packages.</summary>
internal static class EngineClient
{
    public static void Add(IHostApplicationBuilder builder, string connectionName)
    {
        const string RedisPrefix = "redis=";
        var redis = builder.Configuration.GetConnectionString(connectionName)?.Trim() is { } text && text.StartsWith(RedisPrefix, StringComparison.OrdinalIgnoreCase)
            && text.Length > RedisPrefix.Length ? text[RedisPrefix.Length..] : null;        // a wrong one is refused by the options' validator
        builder.UseOrleansClient(client =>
        {
            if (redis is null)
                client.UseStaticClustering((StaticGatewayListProviderOptions _) => { });
            else
                client.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis));
        });
        builder.Services.AddOptions<StaticGatewayListProviderOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (gateways, client) =>
            gateways.Gateways = [.. ClusterAddress.Parse(client.Value.Endpoints!).Silos.SelectMany(Resolved).Select(static silo => silo.ToGatewayUri())]);
        builder.Services.AddOptions<ClusterOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (cluster, client) =>
            cluster.ClusterId = cluster.ServiceId = client.Value.ClusterId ?? "default");
        builder.Services.AddOptions<ClientMessagingOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (messaging, client) =>
            messaging.ResponseTimeout = client.Value.AttemptTimeout);
        builder.Services.AddOptions<ConnectionOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (connection, client) =>
            (connection.ConnectionsPerEndpoint, connection.OpenConnectionTimeout) = (client.Value.Connections, client.Value.AttemptTimeout));
    }

    /// <summary>What this engine cannot do; null when it can.</summary>
    public static string? Refusal(ClusterAddress address, OrleansCacheClientOptions options) =>
        options.Tls.Enabled ? $"TLS is not wired on engine orleans; set {OrleansCacheClientOptions.SectionName}:Tls:Enabled to false, or use engine builtin." : null;

    private static IEnumerable<IPEndPoint> Resolved(EndPoint silo) => silo is DnsEndPoint named
        ? Dns.GetHostAddresses(named.Host).Select(address => new IPEndPoint(address, named.Port))
        : [(IPEndPoint)silo];
}
