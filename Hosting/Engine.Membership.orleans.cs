using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: while this silo's fence holds, whom its view does not name is gone, and Orleans is told so. By itself a silo that joins waits
/// for minutes for one that was killed.
/// </summary>
internal sealed class MembershipByOwnership(
    IOwnership ownership, IClusterMembershipService membership, ILocalSiloDetails self, TimeProvider time, ILogger<MembershipByOwnership> logger) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pace, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var silo in membership.CurrentSnapshot.Members.Values.Where(member => member.Status != SiloStatus.Dead && !member.SiloAddress.Equals(self.SiloAddress)))
            {
                if (ownership.FenceHolds && !IsNamed(silo.SiloAddress.Endpoint) && !stoppingToken.IsCancellationRequested)
                    await GiveUpAsync(silo.SiloAddress).ConfigureAwait(false);
            }
        }
    }

    // One that listens on every address is known by its port alone: rather one too many is waited for.
    private bool IsNamed(IPEndPoint silo) => ownership.Placement.Members.Any(member => member.EndPoint switch
    {
        IPEndPoint named => named.Equals(silo),
        DnsEndPoint anywhere => anywhere.Port == silo.Port,
        _ => false,
    });

    private async Task GiveUpAsync(SiloAddress silo)
    {
        try
        {
            if (await membership.TryKill(silo).ConfigureAwait(false))
                logger.GivenUp(silo.ToString());
        }
        catch (Exception exception)
        {
            logger.NotGivenUp(exception, silo.ToString());
        }
    }
}
