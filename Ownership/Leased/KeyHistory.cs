using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>
/// Since when a silo has each key, over the views that it was in without a break. It had the key in all of them in which no member was
/// placed that outweighs it, so one number for each former address says it all: the view from which on that address was gone.
/// </summary>
internal sealed class KeyHistory
{
    /// <summary>Addresses that are remembered. Forgetting one raises epochs, which is safe.</summary>
    public const int Capacity = 64;

    private readonly Guid _self;
    private readonly ulong _seed;
    private readonly long _start;
    private readonly bool _isPlaced;
    private readonly ImmutableArray<(ulong Seed, long GoneIn)> _former;

    private KeyHistory(Guid self, Placement placement, long start, ImmutableArray<(ulong Seed, long GoneIn)> former)
    {
        (_self, Placement, _start, _former) = (self, placement, start, former);
        if (placement.View.Find(self) is { IsLeaving: false } member)
            (_isPlaced, _seed) = (true, Placement.SeedOf(member));
    }

    public Placement Placement { get; }

    /// <summary>The silo has no past: whatever it has, it has since this view.</summary>
    public static KeyHistory Begin(Placement first, Guid self) => new(self, first, first.Number, []);

    public KeyHistory Next(Placement next)
    {
        var former = _former.RemoveAll(gone => next.Seeds.Contains(gone.Seed)).ToBuilder();
        foreach (var seed in Placement.Seeds)
            if (!next.Seeds.Contains(seed))
                former.Add((seed, next.Number));
        var start = _isPlaced ? _start : next.Number;
        for (; former.Count > Capacity; former.RemoveAt(0))
            start = Math.Max(start, former[0].GoneIn);
        return new(_self, next, start, former.ToImmutable());
    }

    /// <summary>The view gives the key to this silo.</summary>
    public bool IsPlacedHere(ulong keyHash) => Placement.OwnerOf(keyHash) is { } owner && owner.Incarnation == _self;

    /// <summary>The smallest view number from which on this silo had the key in all views that it knows. Only for a key that it has.</summary>
    public long EpochOf(ulong keyHash)
    {
        var (epoch, weight) = (_start, Placement.WeightOf(_seed, keyHash));
        foreach (var (seed, goneIn) in _former)
            if (goneIn > epoch && Placement.WeightOf(seed, keyHash) >= weight)
                epoch = goneIn;
        return epoch;
    }
}
