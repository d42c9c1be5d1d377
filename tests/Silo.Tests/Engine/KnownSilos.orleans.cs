using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace OrleansCache.Silo.Tests;

/// <summary>Whom Orleans knows.</summary>
internal sealed class KnownSilos(SiloAddress here) : IClusterMembershipService, ILocalSiloDetails
{
    public ClusterMembershipSnapshot CurrentSnapshot
    {
        get
        {
            Looks++;
            return field;
        }
        private set;
    } = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new(0));

    /// <summary>How often somebody asked for the snapshot.</summary>
    public int Looks { get; private set; }

    public ConcurrentQueue<SiloAddress> GivenUp { get; } = [];

    public Action? OnRefresh { get; set; }

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => AsyncEnumerable.Empty<ClusterMembershipSnapshot>();

    public string Name => "here";
    public string ClusterId => "test";
    public string DnsHostName => "host";
    public SiloAddress SiloAddress => here;
    public SiloAddress GatewayAddress => here;

    public static SiloAddress AddressOf(SiloMember member, int generation = 1) => SiloAddress.New(System.Net.IPEndPoint.Parse(member.Name), generation);

    public KnownSilos Add(SiloMember member, SiloStatus status = SiloStatus.Active, int generation = 1)
    {
        var address = AddressOf(member, generation);
        CurrentSnapshot = new(
            CurrentSnapshot.Members.SetItem(address, new(address, status, MembershipByOwnership.NameOf(member.Name, member.Incarnation))), new(CurrentSnapshot.Version.Value + 1));
        return this;
    }

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default)
    {
        OnRefresh?.Invoke();
        return default;
    }

    public Task<bool> TryKill(SiloAddress siloAddress)
    {
        GivenUp.Enqueue(siloAddress);
        return Task.FromResult(true);
    }
}
