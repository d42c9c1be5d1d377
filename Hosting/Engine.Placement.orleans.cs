using Orleans.Runtime.Placement;

namespace OrleansCache;

/// <summary>Grains live where the view has their keys.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
internal sealed class PlacementByView : PlacementStrategy;

/// <summary>
/// Engine <c>orleans</c>: a new activation goes to the silo that the view names. Which activation may serve is not said here: one that is elsewhere,
/// by an older view or until the owner is found, refuses by its own proof and ends.
/// </summary>
internal sealed class ViewPlacementDirector(LeasedOwnership ownership, IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var possible = context.GetCompatibleSilos(target);
        var owner = ownership.Placement.OwnerOf(RoutingHash.Of(target.GrainIdentity.Key.ToString()!));
        var silo = owner is null ? null : Find(MembershipByOwnership.NameOf(owner.Name, owner.Incarnation), possible);
        return Task.FromResult(silo ?? (possible.Contains(context.LocalSilo) ? context.LocalSilo : possible[0]));
    }

    private SiloAddress? Find(string name, SiloAddress[] possible)
    {
        var members = membership.CurrentSnapshot.Members;
        foreach (var silo in possible)
            if (members.TryGetValue(silo, out var member) && member.Name == name)
                return silo;
        return null;
    }
}
