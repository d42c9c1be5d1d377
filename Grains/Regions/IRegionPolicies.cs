namespace OrleansCache;

/// <summary>The policies of all regions as configured now, plain ones and those of integration methods.</summary>
internal interface IRegionPolicies
{
    /// <summary>Grows with every change of the configuration; a kept policy of an older number is looked up again.</summary>
    int Number { get; }

    /// <summary>The policy of a region; an unnamed one follows <c>Regions:default</c>.</summary>
    RegionPolicy For(string region);
}
