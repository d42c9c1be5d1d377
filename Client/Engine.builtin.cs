using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: the runtime in <c>engines/builtin</c>.</summary>
internal static class EngineClient
{
    public static void Add(IHostApplicationBuilder builder, string connectionName)
    {
        builder.Services.AddEngineClient();
        builder.Services.AddOptions<EngineClientOptions>().Configure<IOptions<OrleansCacheClientOptions>>(static (engine, client) =>
        {
            var options = client.Value;
            foreach (var silo in ClusterAddress.Parse(options.Endpoints!).Silos)
                engine.Endpoints.Add(silo);
            engine.ClusterId = options.ClusterId ?? engine.ClusterId;
            engine.ConnectionsPerEndpoint = options.Connections;
            engine.ResponseTimeout = options.AttemptTimeout;
            engine.ConnectTimeout = options.AttemptTimeout;
            engine.ContinueInline = false;      // what awaits us is the application's code, and may block
            engine.Tls = ClientTls.Of(options.Tls, HostOf(engine.Endpoints[0]));
        });
    }

    /// <summary>What this engine cannot do; null when it can.</summary>
    public static string? Refusal(ClusterAddress address, OrleansCacheClientOptions options) =>
        address.Redis is not null ? "this engine does not find silos through Redis yet; name their client ports instead, such as 127.0.0.1:11111."
        : options.Tls is { Enabled: true, TargetHost: null } && address.Silos.Select(HostOf).Distinct().Count() > 1
            ? $"the silos have different hosts; set {OrleansCacheClientOptions.SectionName}:Tls:TargetHost to the name that all their certificates carry."
        : null;

    private static string HostOf(EndPoint silo) => silo is DnsEndPoint named ? named.Host : ((IPEndPoint)silo).Address.ToString();
}
