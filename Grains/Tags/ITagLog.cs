using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The numbered log of tag raises, as this silo knows it.</summary>
internal interface ITagLog
{
    /// <summary>The number of the last raise. A load remembers it from when it began: that is the value's <c>Born</c>.</summary>
    long Head { get; }

    /// <summary>Changes when the log was lost: what was born in another generation is suspect.</summary>
    long Generation { get; }

    /// <summary>True when none of the tags was raised after <paramref name="born"/>. May say false too often, never true. Allocates nothing.</summary>
    /// <param name="tagHashes">From <see cref="TagHash"/>, computed once per value.</param>
    /// <param name="born"><see cref="Head"/> from when the value's load began.</param>
    /// <param name="generation"><see cref="Generation"/> from that time.</param>
    bool IsGood(ReadOnlySpan<ulong> tagHashes, long born, long generation);

    /// <summary>Raises the tags; when it completes the raise is durable and no read serves what it hit.</summary>
    /// <exception cref="StoreUnavailableException">The raise may or may not be kept; raise again.</exception>
    ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken);
}
