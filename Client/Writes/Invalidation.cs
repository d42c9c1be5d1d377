using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What a write makes out of date beside its key. Whoever makes or ends the call raises it; this process does where nobody says so.</summary>
internal sealed class Invalidation(ImmutableArray<string> tags)
{
    public static Invalidation None => new([]);

    public ImmutableArray<string> Tags => tags;

    /// <summary>True once the tags are raised, after the last that they may have been true of.</summary>
    public bool IsDone { get; set; }
}
