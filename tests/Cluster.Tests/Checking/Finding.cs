namespace OrleansCache.Cluster;

/// <summary>What a history shows to be wrong.</summary>
/// <param name="Fault">The kind of it.</param>
/// <param name="Key">Of the cache.</param>
/// <param name="Text">For people.</param>
internal sealed record Finding(Fault Fault, int Key, string Text)
{
    public override string ToString() => $"{Fault}: {Text}";
}

internal enum Fault
{
    /// <summary>No other name fits: there is no order of the calls that explains all answers.</summary>
    NotLinearizable,

    /// <summary>A value that nobody wrote, or whose write was refused.</summary>
    PhantomValue,

    /// <summary>One version for two changes, or one value under two versions.</summary>
    DuplicateVersion,

    /// <summary>A change got a lower version than one that had ended before it began.</summary>
    VersionFell,

    /// <summary>A read ended before the write of its value began.</summary>
    FromTheFuture,

    /// <summary>A read gave a value older than one acknowledged before it began.</summary>
    StaleRead,

    /// <summary>A read gave a value that had been removed.</summary>
    ResurrectedRemoval,

    /// <summary>Nothing was there after an acknowledged write that nobody removed.</summary>
    LostWrite,

    /// <summary>A change was made though its condition did not hold.</summary>
    ConditionIgnored,

    /// <summary>The answer contradicts itself: a condition was refused that held.</summary>
    Contradiction,

    /// <summary>An owner of an older view answered after one of a newer view had.</summary>
    FormerOwner,

    /// <summary>More calls than the limit in a window.</summary>
    OverTheLimit,

    /// <summary>Too many orders are possible to try them all.</summary>
    Undecided,
}
