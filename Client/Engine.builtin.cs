using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: the runtime in <c>engines/builtin</c>.</summary>
internal static class EngineClient
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public static void Add(IHostApplicationBuilder builder, ClientConnection connection)
    {
        builder.Services.AddEngineClient();
        builder.Services.AddOptions<EngineClientOptions>().Configure<IOptions<OrleansCacheClientOptions>, TimeProvider>(static (engine, client, time) =>
        {
            var options = client.Value;
            engine.ClusterId = options.ClusterId ?? engine.ClusterId;
            engine.ConnectionsPerEndpoint = options.Connections;
            engine.ResponseTimeout = options.AttemptTimeout;
            engine.ConnectTimeout = options.AttemptTimeout;
            engine.MaxReconnectDelay = LongestPause;
            engine.ContinueInline = false;      // what awaits us is the application's code, and may block
            if (options.Tls.Enabled)
                engine.Tls = silo => ClientTls.Of(options.Tls, HostOf(silo));
            var address = ClusterAddress.Parse(options.Endpoints!);
            foreach (var silo in address.Silos)
                engine.Endpoints.Add(silo);
            if (address.Redis is { } redis)
                engine.FindEndpoints = new RedisSilos(redis, engine.ClusterId, options.AttemptTimeout / 2, time).FindAsync;
        });
    }

    /// <summary>What this engine cannot do; null when it can.</summary>
    /// <exception cref="FormatException">Redis is named in a form that it does not understand.</exception>
    public static string? Refusal(ClusterAddress address, ClientConnection connection, OrleansCacheClientOptions options)
    {
        try
        {
            if (address.Redis is { } redis)
                _ = new RedisSilos(redis, "", options.AttemptTimeout, TimeProvider.System);
            return null;
        }
        catch (FormatException exception)
        {
            throw new FormatException($"names Redis in a form that cannot be read ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    private static string HostOf(EndPoint silo) => silo is DnsEndPoint named ? named.Host : ((IPEndPoint)silo).Address.ToString();
}
