using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The numbered log of tag raises, as this silo knows it.</summary>
internal interface ITagLog
{
    /// <summary>The number of the last raise. A load remembers it from when it began: that is the value's <c>Born</c>.</summary>
    long Head { get; }

    /// <summary>Changes when the log was lost: what was born in another generation is suspect.</summary>
    long Generation { get; }

    /// <summary>True when none of the tags was raised after <paramref name="born"/>. May say false too often, never true.</summary>
    bool IsGood(ImmutableArray<string> tags, long born, long generation);

    /// <summary>Raises the tags; when it completes the raise is durable and no read serves what it hit.</summary>
    ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken);
}
