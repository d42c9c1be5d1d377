using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: a silo that was outwaited, so that the view has it no more, is given up in Orleans' membership too, if nothing listens
/// where it was. By itself a silo that joins waits for minutes for one that was killed.
/// </summary>
/// <remarks>Orleans ends the process of a silo that was given up: one that is paused or cut off from the store is not, for it comes back.</remarks>
internal sealed class MembershipByOwnership : BackgroundService
{
    /// <summary>At most, while somebody is missing: not all silos at once, for they write to one table.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    /// <summary>As long as everybody whom Orleans has is in the view. A change of the view is looked at soon.</summary>
    private static readonly TimeSpan PaceAtRest = TimeSpan.FromSeconds(2);

    /// <summary>A process that is paused is still connected to, by its kernel.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan PaceOfReachable = TimeSpan.FromSeconds(2);
    private readonly Dictionary<SiloAddress, long> _reached = [];
    private readonly LeasedOwnership _ownership;
    private readonly IClusterMembershipService _membership;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ImmutableHashSet<string> _seen = [];
    private readonly NextChange _changed = new();

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
            var changed = _changed.Task;
            if (Missing().Length == 0)
            {
                await changed.WaitAsync(PaceAtRest, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }
            await Task.Delay(Pace * Random.Shared.NextDouble(), _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var silo in Missing().Where(_ => _ownership.FenceHolds))
            {
                if (!await IsReachedAsync(silo.SiloAddress, stoppingToken).ConfigureAwait(false))
                    await GiveUpAsync(silo).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Those whom Orleans has and the view has no more.</summary>
    private ClusterMember[] Missing()
    {
        var members = Names();
        return [.. _membership.CurrentSnapshot.Members.Values.Where(silo => silo.Status == SiloStatus.Active && _seen.Contains(silo.Name) && !members.Contains(silo.Name))];
    }

    private HashSet<string> Names() => [.. _ownership.Placement.Members.Select(static member => NameOf(member.Name, member.Incarnation))];

    private void Look()
    {
        ImmutableInterlocked.Update(ref _seen, static (seen, names) => seen.Union(names), Names());
        _changed.Happened();
    }

    private async Task<bool> IsReachedAsync(SiloAddress silo, CancellationToken stoppingToken)
    {
        if (_reached.TryGetValue(silo, out var at) && _time.GetElapsedTime(at) < PaceOfReachable)
            return true;
        if (!await ListensAsync(silo.Endpoint, _time, stoppingToken).ConfigureAwait(false))
            return false;
        _reached[silo] = _time.GetTimestamp();
        return true;
    }

    /// <summary>True when a connection is taken there within <see cref="ConnectLimit"/>.</summary>
    internal static async Task<bool> ListensAsync(EndPoint silo, TimeProvider time, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(ConnectLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await socket.ConnectAsync(silo, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return cancellationToken.IsCancellationRequested;
        }
    }

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
