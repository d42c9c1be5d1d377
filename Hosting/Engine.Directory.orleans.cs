using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime.GrainDirectory;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: where each grain of ours is, by the view alone. Nothing is registered or remembered, so that a silo that ended or joined
/// leaves nothing to be forgotten. Which activation may serve is not said here: one that is elsewhere by an older view refuses by its own proof.
/// </summary>
internal sealed class ViewDirectory(IOwnership ownership, IClusterMembershipService membership, ILocalSiloDetails local, TimeProvider time) : PlacedDirectory
{
    /// <summary>A silo joins the view once Orleans has it, which tells the others of it.</summary>
    private static readonly TimeSpan LookFor = TimeSpan.FromSeconds(1);

    private static readonly FrozenSet<GrainType> Owned = OwnedGrains.All.Select(GrainType.Create).ToFrozenSet();

    private Reached _reached = new(null, FrozenDictionary<Guid, ClusterMember>.Empty);

    public override bool LookUp(GrainId key, [NotNullWhen(true)] out GrainAddress? result, out int version)
    {
        var reached = Now();
        var silo = Find(key, reached);
        result = silo is null ? null : At(silo, key, reached);
        version = 0;
        return result is not null;
    }

    public override async Task<GrainAddress?> Lookup(GrainId grainId)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < LookFor;)
        {
            if (LookUp(grainId, out var found, out _))
                return found;
            await membership.Refresh().ConfigureAwait(false);
        }
        return At(local.SiloAddress, grainId, Now());
    }

    // Null for an owner that Orleans does not know yet. Where nobody can serve the key this silo says so.
    private SiloAddress? Find(GrainId grain, Reached reached)
    {
        if (!Owned.Contains(grain.Type) || ownership.Placement.OwnerOf(RoutingHash.Of(grain.Key.AsSpan())) is not { } owner)
            return local.SiloAddress;
        return reached.Members.TryGetValue(owner.Incarnation, out var member) ? member.Status == SiloStatus.Dead ? local.SiloAddress : member.SiloAddress : null;
    }

    private Reached Now()
    {
        var (reached, snapshot) = (Volatile.Read(ref _reached), membership.CurrentSnapshot);
        if (reached.Snapshot != snapshot)
            Volatile.Write(ref _reached, reached = new(snapshot, MembershipByOwnership.Named(snapshot)));
        return reached;
    }

    private static GrainAddress At(SiloAddress silo, GrainId grain, Reached reached) =>
        new() { GrainId = grain, SiloAddress = silo, MembershipVersion = reached.Snapshot!.Version };

    private sealed record Reached(ClusterMembershipSnapshot? Snapshot, FrozenDictionary<Guid, ClusterMember> Members);
}
