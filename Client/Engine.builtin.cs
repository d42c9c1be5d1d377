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
        builder.Services.AddSingleton<LearnedView>();
        builder.Services.AddSingleton<IKnownView>(static provider => provider.GetRequiredService<LearnedView>());
        builder.Services.AddSingleton<IGrainRouter, LearnedRoutes>();
        builder.Services.AddEngineClient();
        builder.Services.AddHostedService<ViewWatch>();
        builder.Services.AddOptions<EngineClientOptions>().Configure<IOptions<OrleansCacheClientOptions>, LearnedView, TimeProvider>(static (engine, client, view, time) =>
        {
            var options = client.Value;
            engine.ClusterId = options.ClusterId ?? engine.ClusterId;
            engine.ConnectionsPerEndpoint = options.Connections;
            engine.ResponseTimeout = options.AttemptTimeout;
            engine.ConnectTimeout = options.AttemptTimeout;
            engine.MaxReconnectDelay = LongestPause;
            engine.ContinueInline = false;      // what awaits us is the application's code, and may block
            if (options.Tls.Enabled)
                engine.Tls = silo => ClientTls.Of(options.Tls, SiloMember.HostOf(silo));
            var address = ClusterAddress.Parse(options.Endpoints!);
            foreach (var silo in address.Silos)
                engine.Endpoints.Add(silo);
            var asking = address.Redis is { } redis ? new RedisSilos(redis, engine.ClusterId, options.AttemptTimeout / 2, time) : null;
            engine.FindEndpoints = async ct => view is { IsInTouch: true, EndPoints: { Count: > 0 } members } ? members
                : asking is null ? [.. address.Silos.Union(view.EndPoints)]
                : await asking.FindAsync(ct).ConfigureAwait(false);
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
}
