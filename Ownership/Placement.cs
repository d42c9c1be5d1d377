using System.Collections.Immutable;
using System.Net;

namespace OrleansCache;

/// <summary>
/// Whom a view gives each key: rendezvous hashing (Thaler and Ravishankar, 1998) over the members that are not leaving. A member that comes
/// or goes moves its own share and nothing else.
/// </summary>
/// <remarks>
/// The weights come from the hash of a member's address, so that a silo that is started again there gets the same keys. They are part of the
/// wire: clients and silos must agree, and golden values are tested.
/// </remarks>
internal sealed class Placement
{
    private readonly SiloMember[] _placed;
    private readonly ulong[] _seeds;
    private EndPoint?[]? _endPoints;

    private Placement(ClusterView view, SiloMember[] placed)
    {
        (View, _placed) = (view, placed);
        _seeds = [.. placed.Select(static member => SeedOf(member))];
    }

    /// <summary>Gives nobody anything.</summary>
    public static Placement None { get; } = Of(ClusterView.None);

    public ClusterView View { get; }

    /// <summary>Grows with each change.</summary>
    public long Number => View.Number;

    /// <summary>All members, those that are leaving too.</summary>
    public ImmutableArray<SiloMember> Members => View.Members;

    /// <summary>The <see cref="SeedOf"/> of each member that gets keys.</summary>
    public ReadOnlySpan<ulong> Seeds => _seeds;

    /// <summary>True when keys have different owners.</summary>
    public bool IsShared => _placed.Length > 1;

    /// <summary>Of two members with one address the later in the list has the keys: it joined later.</summary>
    public static Placement Of(ClusterView view)
    {
        var placed = new SortedDictionary<string, SiloMember>(StringComparer.Ordinal);
        foreach (var member in view.Members)
            if (!member.IsLeaving)
                placed[member.Address] = member;
        return new(view, [.. placed.Values]);
    }

    /// <summary>What stands for a member in the weights of all keys.</summary>
    public static ulong SeedOf(SiloMember member) => RoutingHash.Of(member.Address);

    /// <summary>Of all members that get keys the one with the highest weight has the key.</summary>
    public static ulong WeightOf(ulong seed, ulong keyHash) => RoutingHash.Mix(seed ^ keyHash);

    /// <summary>True when a member is reached there.</summary>
    public bool Has(EndPoint silo) => Members.Any(member => silo.Equals(member.EndPoint));

    /// <summary>Who has the key in this view; null when nobody does. Allocates nothing.</summary>
    /// <param name="keyHash"><see cref="RoutingHash"/> of the grain key.</param>
    public SiloMember? OwnerOf(ulong keyHash) => PlaceOf(keyHash) is >= 0 and var place ? _placed[place] : null;

    /// <summary>Where the key's owner is reached: always the same object for one owner. Null when nobody has the key, or has no address.</summary>
    /// <param name="keyHash"><see cref="RoutingHash"/> of the grain key.</param>
    /// <param name="except">For this owner null.</param>
    public EndPoint? EndPointOf(ulong keyHash, Guid except = default)
    {
        var place = PlaceOf(keyHash);
        return place < 0 || _placed[place].Incarnation == except ? null
            : (_endPoints ??= [.. _placed.Select(static member => member.EndPoint)])[place];
    }

    private int PlaceOf(ulong keyHash)
    {
        var (owner, highest) = (-1, 0UL);
        for (var i = 0; i < _seeds.Length; i++)
        {
            var weight = WeightOf(_seeds[i], keyHash);
            if (owner < 0 || weight > highest)
                (owner, highest) = (i, weight);
        }
        return owner;
    }
}
