namespace OrleansCache;

internal sealed class RegionPolicies(LiveConfiguration configuration) : IRegionPolicies
{
    public int Number => configuration.Current.Number;

    public RegionPolicy For(string region)
    {
        var current = configuration.Current;
        return current.Regions.TryGetValue(region, out var policy) ? policy : current.DefaultRegion with { Region = region };
    }
}
