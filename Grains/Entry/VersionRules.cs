namespace OrleansCache;

/// <summary>Versions grow strictly per key over all owners, removals and crashes.</summary>
internal static class VersionRules
{
    /// <summary>The first change of an activation takes cluster time, past every version that an earlier owner gave; each later one + 1.</summary>
    public static long Next(in EntryState state, long clusterTime) =>
        state.Stamped ? state.LastVersion + 1 : Math.Max(state.LastVersion + 1, clusterTime);
}
