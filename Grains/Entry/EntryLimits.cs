namespace OrleansCache;

/// <summary>The bounds that every entry keeps.</summary>
internal static class EntryLimits
{
    /// <summary>No call waits longer inside the grain: an incoming call that waits would hold up a deactivation.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    /// <summary>A leased load ends after this without a renewal.</summary>
    public static readonly TimeSpan LoadLease = TimeSpan.FromSeconds(2);

    /// <summary>An origin's answer waits no longer for the store: it is given uncached.</summary>
    public static readonly TimeSpan StorePatience = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Who can't be answered without the store, or would ask the origin while it is only slow, waits for it until the slice of the call ends,
    /// and at least so long.
    /// </summary>
    public static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(1);

    /// <summary>A read waits this long for a fence that has lapsed, and a stale one for the permit of a refresh.</summary>
    public static readonly TimeSpan ReadPatience = TimeSpan.FromMilliseconds(100);

    /// <summary>What is acknowledged from memory reaches the store after this.</summary>
    public static readonly TimeSpan FlushDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest pause between attempts on a store that is away.</summary>
    public static readonly TimeSpan LongestStorePause = TimeSpan.FromSeconds(2);

    /// <summary>An eager key whose load was not kept, or whose silo is not ready, has its next turn after this.</summary>
    public static readonly TimeSpan EagerPause = TimeSpan.FromSeconds(1);

    /// <summary>Who watches a key sees what comes without a step of its entry, a raised tag or the end of a lifetime, after this at the latest.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>Callers of one key that may wait in the grain at once.</summary>
    public const int MaxWaiters = 10_000;
}
