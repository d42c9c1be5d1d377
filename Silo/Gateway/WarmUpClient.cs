using System.Net;

namespace OrleansCache;

/// <summary>A client of this silo in its own process, so that connections, messages and their codecs are compiled before the first client comes.</summary>
internal static class WarmUpClient
{
    /// <summary>Asks for an integration, and reads each key once: every other is loaded here, the rest by the silo.</summary>
    /// <param name="silo">The silo to connect with: itself.</param>
    /// <param name="integration">Whose description is asked for.</param>
    /// <param name="rounds">Of <see cref="WarmUpIntegration"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many were read.</returns>
    public static async Task<int> RunAsync(CacheSiloOptions silo, string integration, IEnumerable<string> rounds, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddOrleansCacheClient(options =>
        {
            options.Endpoints = new IPEndPoint(IPAddress.Parse(silo.Silo.Address), EngineHosting.ClientPort(silo.Silo)).ToString();
            options.ClusterId = silo.ClusterId;
            options.WarmUp = false;
        });
        using var host = builder.Build();
        host.Services.GetRequiredService<ClientMetrics>().IsQuiet = true;
        await host.StartAsync(cancellationToken);
        var catalog = host.Services.GetRequiredService<Catalog>();
        await catalog.DescribeAsync(integration, cancellationToken);
        catalog.Keep(WarmUpIntegration.Description);
        var cache = host.Services.GetRequiredService<IOrleansCache>();
        var read = 0;
        foreach (var round in rounds)
        {
            if (read++ % 2 == 0)
                await cache.CallAsync<byte[]>(WarmUpIntegration.Name, WarmUpIntegration.Method, WarmUpIntegration.ArgumentsOf(round), cancellationToken);
            else
                await cache.GetOrCreateAsync(WarmUpLoads.TargetOf(round).Key, static _ => new ValueTask<byte[]>(new byte[100]), WarmUpLoad.Options, cancellationToken);
        }

        await host.StopAsync(cancellationToken);
        return read;
    }
}
