using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What changed between the last two values of a key, as its owner knows them.</summary>
[GenerateSerializer, Immutable, Alias("oc.difference.v1")]
internal sealed record ValueDifference : IOwnersReply
{
    /// <summary>The version before; 0 when <see cref="Unknown"/> says why there is none.</summary>
    [Id(0)] public long From { get; init; }
    [Id(1)] public long To { get; init; }
    [Id(2)] public ImmutableArray<ValueChange> Changes { get; init; } = [];

    /// <summary>True when there are more changes than these.</summary>
    [Id(3)] public bool HasMore { get; init; }

    /// <summary>Why nothing can be told; null when it can.</summary>
    [Id(4)] public string? Unknown { get; init; }
    [Id(5)] public long View { get; init; }

    /// <summary>True from a silo that does not own the key.</summary>
    [Id(6)] public bool IsRefusal { get; init; }
}

/// <summary>One place that changed.</summary>
/// <param name="Path">A JSON Pointer (RFC 6901); empty for the whole.</param>
/// <param name="Kind">What became of it.</param>
/// <param name="Old">What was there, shortened; null for nothing.</param>
/// <param name="New">What is there, shortened; null for nothing.</param>
[GenerateSerializer, Immutable, Alias("oc.valuechange.v1")]
internal readonly record struct ValueChange([property: Id(0)] string Path, [property: Id(1)] ValueChangeKind Kind, [property: Id(2)] string? Old, [property: Id(3)] string? New);

internal enum ValueChangeKind : byte
{
    Changed = 0,
    Added = 1,
    Removed = 2,
}
