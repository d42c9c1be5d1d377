namespace OrleansCache;

/// <summary>News of a watched key or tag: what there is now. What was there in between may not have been told.</summary>
/// <param name="Version">A key's version, which names its value and is its tag over HTTP; 0 when nothing is there. For a tag the number of its last raise; 0 for none.</param>
public readonly record struct CacheChange(long Version)
{
    /// <summary>True when there is a value; for a tag, when it was ever raised.</summary>
    public bool IsPresent => Version > 0;
}
