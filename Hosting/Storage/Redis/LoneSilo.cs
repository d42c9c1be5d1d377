using System.Globalization;

namespace OrleansCache;

/// <summary>
/// A cluster has one silo as yet: ownership is shared already, but tags and routes are not. A second one is refused before it joins, and
/// where two joined at once the later ends.
/// </summary>
internal sealed class LoneSilo(IOwnershipStore store, LeasedOwnership ownership, RedisKeys keys, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>A silo that lives renews its lease each second; one that was killed stays in the view until it was waited out.</summary>
    private static readonly TimeSpan LookFor = TimeSpan.FromSeconds(1.5);

    /// <summary>Longer than the dead are waited out.</summary>
    private static readonly TimeSpan Settled = LeasedOwnership.DefaultSpan * 2;

    /// <exception cref="StartRefusedException">Another silo renews its lease, or Redis does not answer.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var first = await LookAsync(cancellationToken).ConfigureAwait(false);
        var began = time.GetTimestamp();
        for (var last = first; HasOthers(last) && time.GetElapsedTime(began) < LookFor; last = await LookAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var member in last.View!.Members)
                if (!member.IsLeaving && last.Leases.GetValueOrDefault(member.Incarnation) != first.Leases.GetValueOrDefault(member.Incarnation))
                    throw Refusal(member);
            await Task.Delay(LookEvery, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Looks again once the dead are out of the view. Null when this silo is alone, or the first.</summary>
    public async Task<StartRefusedException?> FindEarlierAsync(CancellationToken cancellationToken)
    {
        if (Earlier() is null)
            return null;
        await Task.Delay(Settled, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested && Earlier() is { } alive ? Refusal(alive) : null;
    }

    private SiloMember? Earlier()
    {
        foreach (var member in ownership.Placement.Members)
        {
            if (member.Incarnation == ownership.Incarnation)
                return null;
            if (!member.IsLeaving)
                return member;
        }

        return null;
    }

    private static bool HasOthers(OwnershipSnapshot seen) => seen.View?.Members.Any(static member => !member.IsLeaving) == true;

    private async Task<OwnershipSnapshot> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await store.RenewAsync(expectedView: null, ownership.Incarnation, sealedView: 0, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new StartRefusedException($"The silos of cluster id '{keys.ClusterId}' could not be asked for: {exception.Message}", exception);
        }
    }

    private StartRefusedException Refusal(SiloMember alive) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Another silo ({alive.Name}, pid {alive.Pid} on {alive.Host}) serves cluster id '{keys.ClusterId}'. Stop it, or set OrleansCache:ClusterId to another name."));
}
