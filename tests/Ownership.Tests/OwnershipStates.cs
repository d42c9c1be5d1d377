namespace OrleansCache.Ownership.Tests;

/// <summary>Silos, their views and leases, and what a silo comes to that looks at them.</summary>
internal static class OwnershipStates
{
    /// <summary>How long a lease lasts, in milliseconds.</summary>
    public const long F = 3000;

    /// <summary>How long others wait for its end.</summary>
    public const long Outwait = 3046;

    public static readonly SiloMember Me = new(Guid.NewGuid(), "me", 1, "here");
    public static readonly SiloMember Other = new(Guid.NewGuid(), "other", 2, "there");
    public static readonly SiloMember Third = new(Guid.NewGuid(), "third", 3, "where");
    public static readonly OwnershipState New = new(Me, F);

    public static (OwnershipState State, ViewChange? Change) Look(OwnershipState state, OwnershipSnapshot snapshot, long sentAt, long receivedAt)
    {
        state = state.Observe(snapshot, sentAt, receivedAt);
        return (state, state.Propose(snapshot, sentAt));
    }

    public static OwnershipState Published(
        OwnershipState state, ViewChange change, long sentAt, long receivedAt, params (SiloMember Member, SiloLease Lease)[] leases)
        => state.Observe(Stored(change.Next, [(Me, new(1, change.Sealed)), .. leases]) with { Applied = true }, sentAt, receivedAt);

    public static OwnershipState Renewed(OwnershipState state, long sentAt)
        => state.Observe(Stored(state.View, (Me, new(2, state.Sealed))) with { Applied = true }, sentAt, sentAt + 10);

    /// <summary>A settled member whose last renewal was sent at 1000.</summary>
    public static OwnershipState Serving(ClusterView view) => (New with { Placement = Placement.Of(view with { Number = view.Number - 1, Members = [] }) })
        .Observe(Stored(view, [.. view.Members.Select(member => (member, new SiloLease(1, view.Number)))]) with { Applied = true }, 1000, 1005);

    public static ulong Mine(OwnershipState state) => Key(state, Me);

    public static ulong OthersKey(OwnershipState state) => Key(state, Other);

    public static ClusterView View(long number, params SiloMember[] members) => new(number, [.. members], Beginning: 1);

    public static OwnershipSnapshot Stored(ClusterView? view, params (SiloMember Member, SiloLease Lease)[] leases)
        => new(view, leases.ToDictionary(lease => lease.Member.Incarnation, lease => lease.Lease), StoreTime: 0, Applied: false);

    private static ulong Key(OwnershipState state, SiloMember owner)
    {
        for (var key = 1UL; ; key++)
            if (state.Placement.OwnerOf(RoutingHash.Mix(key)) == owner)
                return RoutingHash.Mix(key);
    }
}
