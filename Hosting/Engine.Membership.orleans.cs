using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: a silo that was outwaited, so that the view has it no more, is given up in Orleans' membership too. By itself a silo that
/// joins waits for minutes for one that was killed.
/// </summary>
internal sealed class MembershipByOwnership : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private readonly LeasedOwnership _ownership;
    private readonly IClusterMembershipService _membership;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ImmutableHashSet<string> _seen = [];

    /// <remarks>It looks from the first view on: whoever was killed before this silo came is in that one alone.</remarks>
    public MembershipByOwnership(LeasedOwnership ownership, IClusterMembershipService membership, TimeProvider time, ILogger<MembershipByOwnership> logger)
    {
        (_ownership, _membership, _time, _logger) = (ownership, membership, time, logger);
        ownership.Changed += Look;
    }

    /// <summary>The name by which Orleans knows the process that is this member of the view.</summary>
    public static string NameOf(string name, Guid incarnation) => $"{name}/{incarnation:N}";

    /// <summary>By incarnation, those whom Orleans knows.</summary>
    public static FrozenDictionary<Guid, ClusterMember> Named(ClusterMembershipSnapshot snapshot) => snapshot.Members.Values
        .Select(static member => (Id: Guid.TryParseExact(member.Name.AsSpan(member.Name.LastIndexOf('/') + 1), "N", out var id) ? id : default, Member: member))
        .Where(static named => named.Id != default).ToFrozenDictionary(static named => named.Id, static named => named.Member);

    public override void Dispose()
    {
        _ownership.Changed -= Look;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pace, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var members = Names();
            foreach (var silo in _membership.CurrentSnapshot.Members.Values)
            {
                if (silo.Status == SiloStatus.Active && _seen.Contains(silo.Name) && !members.Contains(silo.Name) && _ownership.FenceHolds)
                    await GiveUpAsync(silo).ConfigureAwait(false);
            }
        }
    }

    private HashSet<string> Names() => [.. _ownership.Placement.Members.Select(static member => NameOf(member.Name, member.Incarnation))];

    private void Look() => ImmutableInterlocked.Update(ref _seen, static (seen, names) => seen.Union(names), Names());

    private async Task GiveUpAsync(ClusterMember silo)
    {
        try
        {
            if (await _membership.TryKill(silo.SiloAddress).ConfigureAwait(false))
                _logger.GivenUp(silo.Name);
        }
        catch (Exception exception)
        {
            _logger.NotGivenUp(exception, silo.Name);
        }
    }
}
