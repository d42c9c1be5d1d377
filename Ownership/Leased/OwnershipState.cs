using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What a silo knows of its right to serve, and the rules by which that changes. Instants are milliseconds of one monotonic clock.</summary>
/// <param name="Self">This silo.</param>
/// <param name="Span">How long a lease is good for, in milliseconds.</param>
internal sealed record OwnershipState(SiloMember Self, long Span)
{
    /// <summary>Who has not looked for so long has seen nobody fail to renew.</summary>
    private const long LongestGap = 2_500;

    /// <summary>Clocks run at rates that differ by up to 1 %, and step.</summary>
    public long OutwaitSpan { get; init; } = Span + (Span / 100) + CoarseClock.StepMilliseconds;

    /// <summary>The view that this silo goes by, whether it is in it or not. Its number never falls.</summary>
    public Placement Placement { get; init; } = Placement.None;

    public ClusterView View => Placement.View;

    /// <summary>The highest number ever seen: a lower one means that the store lost views.</summary>
    public long HighestView { get; init; }

    /// <summary>Since when this silo has its keys; null while it is not a member.</summary>
    public KeyHistory? Keys { get; init; }

    /// <summary>The last view that all its members were seen to have sealed.</summary>
    public long Settled { get; init; }

    /// <summary>The last view for which this silo has given up what moved away.</summary>
    public long Sealed { get; init; }

    /// <summary>Nobody could have outwaited this silo before this instant: counted from before the last renewal was sent.</summary>
    public long LeaseEnd { get; init; }

    /// <summary>No fence before this instant: somebody unknown may still have one.</summary>
    public long FenceStart { get; init; }

    /// <summary>The store has no view, or a lower one, or may have lost some: nothing is proved until views have begun anew.</summary>
    public bool IsLost { get; init; }

    /// <summary>The end of the first look that found it so.</summary>
    public long LostSince { get; init; }

    /// <summary>A member that was seen to live and with which this silo may not serve: it has no place in that view.</summary>
    public SiloMember? Stranger { get; init; }

    /// <summary>This silo wants to leave.</summary>
    public bool IsLeaving { get; init; }

    /// <summary>The other members' leases.</summary>
    public ImmutableArray<LeaseWatch> Watches { get; init; } = [];

    /// <summary>When the last look ended.</summary>
    public long LastLook { get; init; }

    /// <summary>The view in which this silo's lease may be renewed; null when there is none.</summary>
    public long? RenewsIn => Keys is null || IsLost ? null : View.Number;

    public bool MustSeal => Sealed < View.Number;

    /// <summary>Some keys wait for the members' seals.</summary>
    public bool IsSettled => Settled == View.Number;

    /// <summary>Another silo joined at this one's address: the other has its keys.</summary>
    public bool IsDisplaced => !IsLeaving && View.Find(Self.Incarnation) is { IsLeaving: true };

    /// <summary>This silo waits for members with which it may not serve, to see whether they live.</summary>
    public bool IsKeptOut => !IsLeaving && MustStayOut(View.Members);

    /// <summary>Nothing is left to wait for.</summary>
    public bool HasLeft => IsLeaving && (Keys is null || IsLost);

    public bool FenceHolds(long now) => Keys is not null && !IsLost && now >= FenceStart && now < LeaseEnd - CoarseClock.StepMilliseconds;

    /// <summary>The view gives the key to this silo.</summary>
    public bool IsPlacedHere(ulong keyHash) => Keys is { } keys && keys.IsPlacedHere(keyHash);

    /// <summary>
    /// True when this silo may serve the key now. In a view that all its members have sealed that is who the view gives it to; until then
    /// who had it in the last such view, and in all since.
    /// </summary>
    public bool Owns(ulong keyHash) => Keys is { } keys && keys.IsPlacedHere(keyHash) && keys.EpochOf(keyHash) <= Settled;

    public long EpochOf(ulong keyHash) => Keys?.EpochOf(keyHash) ?? View.Number;

    /// <summary>A number beyond all known ones was seen in a record: unless the next look finds it too, views were lost.</summary>
    public OwnershipState Saw(long number) => number > HighestView ? this with { HighestView = number } : this;

    /// <summary>What moved away up to this view has been given up.</summary>
    public OwnershipState Gave(long view) => view > Sealed && view <= View.Number ? this with { Sealed = view } : this;

    /// <summary>When to look again, unless there is news before: at the usual time, or when a lease that is late may be outwaited.</summary>
    /// <param name="usual">The instant of the next renewal.</param>
    public long NextLook(long usual)
    {
        foreach (var watch in Watches)
            usual = Math.Min(usual, watch.Since + OutwaitSpan);
        return usual;
    }

    /// <summary>Takes in what the store held at some instant between the two.</summary>
    public OwnershipState Observe(OwnershipSnapshot snapshot, long sentAt, long receivedAt)
    {
        if (snapshot.View is not { } view || !snapshot.IsSameStore || view.Number < HighestView)
            return this with { IsLost = true, LostSince = IsLost ? LostSince : receivedAt, Watches = [], LastLook = receivedAt };
        var next = view.Number > View.Number ? Adopt(view, receivedAt) : this;
        return next with
        {
            IsLost = false,
            LeaseEnd = next.Keys is null ? 0 : snapshot.Applied ? Math.Max(next.LeaseEnd, sentAt + Span) : next.LeaseEnd,
            Settled = AllSealed(view, snapshot.Leases) ? view.Number : next.Settled,
            Stranger = MustStayOut(view.Members) ? LivingStranger(view, snapshot.Leases) : null,
            Watches = Watched(view, snapshot.Leases, sentAt, receivedAt),
            LastLook = receivedAt,
        };
    }

    /// <summary>What is to be published after a look; null when all is as it should be.</summary>
    /// <param name="snapshot">What was just observed.</param>
    /// <param name="now">Not before that.</param>
    public ViewChange? Propose(OwnershipSnapshot snapshot, long now)
    {
        if (IsLost)
            return IsLeaving ? null : Beginning(snapshot, now);

        var outwaited = Watches.Where(watch => watch.SeenAt - watch.Since >= OutwaitSpan).ToImmutableArray();
        var members = View.Members.RemoveAll(member => outwaited.Any(watch => watch.Incarnation == member.Incarnation));
        var self = View.Find(Self.Incarnation);
        if (!IsLeaving && MustStayOut(members))
            return null;
        if (!IsLeaving)
            members = Joined(members);
        else if (self is { IsLeaving: false })
            members = members.Replace(self, self with { IsLeaving = true });
        else if (self is not null && !MustSeal)
            members = members.Remove(self);
        var waitsOut = View.WaitsOut && !(Keys is not null && now >= FenceStart);
        if (waitsOut == View.WaitsOut && members == View.Members)
            return null;
        var next = new ClusterView(View.Number + 1, members, View.Beginning, waitsOut);
        return new(next, View.Number, [.. outwaited.Select(static watch => KeyValuePair.Create(watch.Incarnation, watch.Lease))], SealedIn(next), Begins: false);
    }

    // Who is in the last view that is known stays in it, so that nothing moves; who is gone is outwaited. Strangers that live begin by themselves.
    private ViewChange? Beginning(OwnershipSnapshot snapshot, long now)
    {
        var stored = snapshot.View ?? ClusterView.None;
        var known = (stored.Number < View.Number ? View : stored).Members;
        if (MustStayOut(known) && now - LostSince < OutwaitSpan)
            return null;
        var members = MustStayOut(known) ? known.RemoveAll(member => !member.MayServeWith(Self)) : known;
        var number = Math.Max(Math.Max(HighestView, stored.Number) + 1, snapshot.StoreTime / 1000);
        var next = new ClusterView(number, Joined(members), number, WaitsOut: true);
        return new(next, snapshot.View?.Number, [], SealedIn(next), Begins: true);
    }

    // Who is there before stays.
    private bool MustStayOut(ImmutableArray<SiloMember> members) =>
        members.Any(member => !member.MayServeWith(Self)) && !members.Any(member => member.Incarnation == Self.Incarnation);

    private SiloMember? LivingStranger(ClusterView view, IReadOnlyDictionary<Guid, SiloLease> leases)
    {
        foreach (var watch in Watches)
            if (view.Find(watch.Incarnation) is { IsLeaving: false } member && !member.MayServeWith(Self) && leases.GetValueOrDefault(watch.Incarnation) != watch.Lease)
                return member;
        return null;
    }

    private ImmutableArray<SiloMember> Joined(ImmutableArray<SiloMember> members) => members.Any(member => member.Incarnation == Self.Incarnation)
        ? members
        : [.. members.Select(member => member.Address == Self.Address ? member with { IsLeaving = true } : member), Self];

    // Who was not in a view has nothing to give up.
    private long SealedIn(ClusterView next) => Keys is null ? next.Number : Sealed;

    // Within one beginning every view is known to follow from the one before: who is in both was in all between, and nobody gets a key
    // without the seal of who had it. Over a beginning that is known only while nobody could have outwaited this silo.
    private OwnershipState Adopt(ClusterView view, long receivedAt)
    {
        var isMember = view.Find(Self.Incarnation) is not null;
        var begins = view.Beginning != View.Beginning;
        var goesOn = Keys is not null && (!begins || receivedAt < LeaseEnd - CoarseClock.StepMilliseconds);
        var placement = Placement.Of(view);
        return this with
        {
            Placement = placement,
            HighestView = view.Number,
            Keys = !isMember ? null : goesOn ? Keys!.Next(placement) : KeyHistory.Begin(placement, Self.Incarnation),
            Sealed = Keys is null ? view.Number : Sealed,
            FenceStart = !view.WaitsOut ? 0 : begins ? receivedAt + OutwaitSpan : FenceStart,
        };
    }

    private static bool AllSealed(ClusterView view, IReadOnlyDictionary<Guid, SiloLease> leases)
    {
        foreach (var member in view.Members)
            if (leases.GetValueOrDefault(member.Incarnation).Sealed < view.Number)
                return false;
        return true;
    }

    private ImmutableArray<LeaseWatch> Watched(ClusterView view, IReadOnlyDictionary<Guid, SiloLease> leases, long sentAt, long receivedAt)
    {
        var isGap = receivedAt - LastLook > LongestGap;
        var watches = ImmutableArray.CreateBuilder<LeaseWatch>(view.Members.Length);
        foreach (var member in view.Members)
        {
            if (member.Incarnation == Self.Incarnation)
                continue;
            var lease = leases.GetValueOrDefault(member.Incarnation);
            var since = receivedAt;
            foreach (var watch in Watches)
                if (!isGap && watch.Incarnation == member.Incarnation && watch.Lease == lease)
                    since = watch.Since;
            watches.Add(new(member.Incarnation, lease, since, sentAt));
        }
        return watches.DrainToImmutable();
    }
}

/// <summary>A member's lease as another sees it.</summary>
/// <param name="Incarnation">Whose.</param>
/// <param name="Lease">As it was at the last look.</param>
/// <param name="Since">The end of the first look that found it so.</param>
/// <param name="SeenAt">The beginning of the last.</param>
internal readonly record struct LeaseWatch(Guid Incarnation, SiloLease Lease, long Since, long SeenAt);
