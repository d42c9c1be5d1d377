using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What a silo knows of its right to serve, and the rules by which that changes. Instants are milliseconds of one monotonic clock.</summary>
/// <param name="Self">This silo.</param>
/// <param name="Span">How long a lease is good for, in milliseconds.</param>
internal sealed record OwnershipState(SiloMember Self, long Span)
{
    /// <summary>The highest number ever seen: a lower one means that the store lost views.</summary>
    public long HighestView { get; init; }

    /// <summary>The number of the view in which this silo serves; 0 while it does not.</summary>
    public long View { get; init; }

    /// <summary>No fence from this instant on: counted from before the last renewal was sent.</summary>
    public long FenceEnd { get; init; }

    /// <summary>No fence before this instant: somebody unknown may still have one.</summary>
    public long FenceStart { get; init; }

    /// <summary>The foreign lease that is being watched, and since when it has not been renewed.</summary>
    public (Guid Incarnation, SiloLease Lease, long Since)? Watched { get; init; }

    /// <summary>Clocks run at rates that differ by up to 1 %, and step.</summary>
    public long OutwaitSpan => Span + (Span / 100) + CoarseClock.StepMilliseconds;

    public bool FenceHolds(long now) => View > 0 && now >= FenceStart && now < FenceEnd - CoarseClock.StepMilliseconds;

    /// <summary>A renewal was made that had been sent at this instant.</summary>
    public OwnershipState Renewed(long sentAt) => this with { FenceEnd = Math.Max(FenceEnd, sentAt + Span) };

    /// <summary>The change was published; it had been sent at this instant, and its answer came at that one.</summary>
    public OwnershipState Published(ViewChange change, long sentAt, long receivedAt) => this with
    {
        HighestView = change.Next.Number,
        View = change.Next.Number,
        FenceEnd = sentAt + Span,
        FenceStart = change.WaitsOut ? receivedAt + OutwaitSpan : sentAt,
        Watched = null,
    };

    /// <summary>A number beyond all known ones was seen in a record: views were lost.</summary>
    public OwnershipState Saw(long number) => number > HighestView ? this with { HighestView = number } : this;

    /// <summary>Takes in what the store holds, and says what is to be published next, or who else is alive.</summary>
    public (OwnershipState Next, ViewChange? Change, SiloMember? Alive) Observe(OwnershipSnapshot snapshot, long sentAt, long receivedAt)
    {
        if (snapshot.View is not { } view)
            return WithoutFence().Propose(null, HighestView + 1, waitsOut: true);
        if (view.Number < HighestView)
            return WithoutFence().Propose(view.Number, HighestView + 1, waitsOut: true);
        if (view.Find(Self.Incarnation) is { HasStopped: false })
        {
            return snapshot.Leases.ContainsKey(Self.Incarnation) && view.Number == View
                ? (this, null, null)
                : WithoutFence().Propose(view.Number, view.Number + 1, waitsOut: true);
        }
        var foreign = (WithoutFence() with { HighestView = view.Number }).ObserveForeign(snapshot, view, sentAt, receivedAt);
        return foreign;
    }

    private (OwnershipState Next, ViewChange? Change, SiloMember? Alive) ObserveForeign(
        OwnershipSnapshot snapshot, ClusterView view, long sentAt, long receivedAt)
    {
        if (view.Members.FirstOrDefault(member => !member.HasStopped) is not { } other)
            return Propose(view.Number, view.Number + 1, waitsOut: false);
        var lease = snapshot.Leases.GetValueOrDefault(other.Incarnation);
        if (Watched is not { } watched || watched.Incarnation != other.Incarnation || watched.Lease != lease)
        {
            var isAlive = Watched is { } before && before.Incarnation == other.Incarnation;
            return (this with { Watched = (other.Incarnation, lease, receivedAt) }, null, isAlive ? other : null);
        }
        return sentAt - watched.Since >= OutwaitSpan
            ? Propose(view.Number, view.Number + 1, waitsOut: false, watched.Incarnation, watched.Lease)
            : (this, null, null);
    }

    private OwnershipState WithoutFence() => this with { View = 0, FenceEnd = 0 };

    private (OwnershipState Next, ViewChange? Change, SiloMember? Alive) Propose(
        long? expected, long number, bool waitsOut, Guid outwaited = default, SiloLease lease = default)
    {
        var leases = outwaited == default
            ? ImmutableDictionary<Guid, SiloLease>.Empty
            : ImmutableDictionary<Guid, SiloLease>.Empty.Add(outwaited, lease);
        return (this, new(new(number, [Self]), expected, leases, waitsOut), null);
    }
}
