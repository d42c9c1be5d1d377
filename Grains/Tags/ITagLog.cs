using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The numbered log of tag raises, as this silo knows it.</summary>
/// <remarks>
/// A strict answer asks for <see cref="IsProven"/> first and for <see cref="IsGood"/> after it: then it counts every raise that was
/// acknowledged before the first of the two.
/// </remarks>
internal interface ITagLog
{
    /// <summary>The number of the last raise. A load remembers it from when it began: that is the value's <c>Born</c>.</summary>
    long Head { get; }

    /// <summary>Changes when the log was lost: what was born in another generation is suspect. Ask for <see cref="Head"/> first.</summary>
    long Generation { get; }

    /// <summary>True while no raise can be acknowledged that this silo does not know. Compares the real clock on every call.</summary>
    bool IsProven { get; }

    /// <summary>True when none of the tags was raised after <paramref name="born"/>. May say false too often, never true. Allocates nothing.</summary>
    /// <param name="tagHashes">From <see cref="TagHash"/>, computed once per value.</param>
    /// <param name="born"><see cref="Head"/> from when the value's load began.</param>
    /// <param name="generation"><see cref="Generation"/> from that time.</param>
    bool IsGood(ReadOnlySpan<ulong> tagHashes, long born, long generation);

    /// <summary>The number of the last raise that may have hit the tag: of it, or of those that the silo could not tell apart from it. 0 for none.</summary>
    long LastRaise(ulong tagHash);

    /// <summary>Asks the store if need be, for at most <paramref name="limit"/>; returns whether <see cref="IsProven"/>.</summary>
    ValueTask<bool> ProveAsync(TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>
    /// A stored value was born so: if this silo does not know the log as far, it learns it now. What the log does not know even then was
    /// lost by it, and a new generation begins.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store can't be reached.</exception>
    ValueTask LearnAsync(long born, long generation, CancellationToken cancellationToken);

    /// <summary>Raises the tags; when it completes the raise is durable and no strict read of any silo serves what it hit.</summary>
    /// <exception cref="StoreUnavailableException">The raise may or may not be kept; raise again.</exception>
    ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken);
}
