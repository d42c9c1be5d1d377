using Microsoft.Extensions.Hosting;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: beside other silos this one joins the view when Orleans has it, since calls for its keys come at once. Where nobody is
/// alive it joins at once: Orleans' start waits for those who were killed until somebody in the view gives them up, see
/// <see cref="MembershipByOwnership"/>.
/// </summary>
internal sealed class EarlyEntry(LeasedOwnership ownership, IOwnershipStore store, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Who lives renews its lease each second.</summary>
    private static readonly TimeSpan LookFor = TimeSpan.FromSeconds(1.5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await AnybodyLivesAsync(stoppingToken).ConfigureAwait(false))
            await ownership.StartAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);       // told by ClusterEntry, which waits for it
    }

    // True also when nobody can tell: to join beside others before Orleans does is what must not be.
    private async Task<bool> AnybodyLivesAsync(CancellationToken cancellationToken)
    {
        OwnershipSnapshot? first = null;
        for (long began = time.GetTimestamp(), seen = began; time.GetElapsedTime(began) < LeasedOwnership.StartLimit;)
        {
            try
            {
                var now = await LookAsync(cancellationToken).ConfigureAwait(false);
                if (first is null)
                    (first, seen) = (now, time.GetTimestamp());
                if (now.Leases.Any(lease => first.Leases.GetValueOrDefault(lease.Key) != lease.Value))
                    return true;
                if (first.View is not { Members.IsEmpty: false } || time.GetElapsedTime(seen) >= LookFor)
                    return false;
            }
            catch (Exception exception) when (exception is StoreUnavailableException or TimeoutException)
            {
                // It may answer soon. If not, to join tells so.
            }
            await Task.Delay(LookEvery, time, cancellationToken).ConfigureAwait(false);
        }
        return true;
    }

    private ValueTask<OwnershipSnapshot> LookAsync(CancellationToken cancellationToken) =>
        store.RenewAsync(expectedView: null, ownership.Incarnation, sealedView: 0, cancellationToken);
}
