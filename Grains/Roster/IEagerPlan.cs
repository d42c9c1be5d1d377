namespace OrleansCache;

/// <summary>Where an entry asks for its turns.</summary>
internal interface IEagerPlan
{
    /// <summary>The key shall be loaded again after this time. Quick, on any thread.</summary>
    void Plan(string integration, string grainKey, TimeSpan dueIn);
}
