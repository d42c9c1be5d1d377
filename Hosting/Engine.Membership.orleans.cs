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
                if (ownership.FenceHolds && !stoppingToken.IsCancellationRequested)
                    await GiveUpAsync(silo.SiloAddress).ConfigureAwait(false);
            }
        }
    }

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
