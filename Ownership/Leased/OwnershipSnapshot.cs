using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The shared record as it was at one instant.</summary>
/// <param name="View">Null when there is none.</param>
/// <param name="Leases">By incarnation.</param>
/// <param name="StoreTime">The store's clock at that instant, in microseconds.</param>
/// <param name="Applied">The renewal or publication that was asked for took place.</param>
/// <param name="IsSameStore">
/// False when the store was started, or took over from another, since views last began in it: the last ones may have been lost.
/// </param>
internal sealed record OwnershipSnapshot(
    ClusterView? View, IReadOnlyDictionary<Guid, SiloLease> Leases, long StoreTime, bool Applied, bool IsSameStore = true);

/// <summary>What a member reports with each renewal.</summary>
/// <param name="Counter">Grows with each renewal.</param>
/// <param name="Sealed">The highest view for which the member has given up what moved away.</param>
internal readonly record struct SiloLease(long Counter, long Sealed);

/// <summary>A view to publish, and what must still hold for it.</summary>
/// <param name="Next">The new view. Leases of who is not in it are dropped.</param>
/// <param name="Expected">The number that the stored view must have; null when there must be none.</param>
/// <param name="Outwaited">Leases that must not have been renewed; their members leave.</param>
/// <param name="Sealed">Reported with the publisher's lease.</param>
/// <param name="Begins">Views begin in this store. Any other change is refused in a store in which they did not.</param>
internal sealed record ViewChange(ClusterView Next, long? Expected, ImmutableArray<KeyValuePair<Guid, SiloLease>> Outwaited, long Sealed, bool Begins);
