using System.Collections.Concurrent;

namespace OrleansCache;

internal sealed class RegionPolicies(LiveConfiguration configuration) : IRegionPolicies
{
    private const int MaxUnnamed = 10_000;
    private volatile UnnamedRegions _unnamed = new(Number: 0);

    public int Number => configuration.Current.Number;

    public RegionPolicy For(string region)
    {
        var current = configuration.Current;
        if (current.Regions.TryGetValue(region, out var policy))
            return policy;

        // One object for all entries of a region, unless there are too many regions to remember.
        var unnamed = _unnamed.Number == current.Number ? _unnamed : _unnamed = new(current.Number);
        if (unnamed.Policies.TryGetValue(region, out var known))
            return known;
        var made = current.DefaultRegion with { Region = region };
        return unnamed.Policies.Count < MaxUnnamed ? unnamed.Policies.GetOrAdd(region, made) : made;
    }

    private sealed record UnnamedRegions(int Number)
    {
        public ConcurrentDictionary<string, RegionPolicy> Policies { get; } = new(StringComparer.Ordinal);
    }
}
