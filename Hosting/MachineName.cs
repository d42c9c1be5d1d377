using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>
/// A silo that listens on every address and names none is looked for by its machine's name, or by the address that it publishes in its place. Says
/// so where that leads nowhere, or each machine to itself.
/// </summary>
internal sealed class MachineName(CacheSiloOptions options, IServiceProvider services, ILogger<MachineName> logger) : BackgroundService
{
    public static bool IsUsed(SiloEndpointOptions silo) =>
        silo.AdvertisedAddress is null && IPAddress.TryParse(silo.Address, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsUsed(options.Silo))
            return;
        if (EngineHosting.PublishedAddress(services) is { } published)
        {
            if (IPAddress.IsLoopback(published))
                logger.FoundHereAlone(published);
            return;
        }
        var addresses = await Task.Run(MachineAddress.Named, stoppingToken).ConfigureAwait(false);
        if (addresses.All(IPAddress.IsLoopback))
            logger.HardToFind(Environment.MachineName, addresses is [] ? "nothing" : string.Join(", ", addresses.AsEnumerable()));
    }
}
