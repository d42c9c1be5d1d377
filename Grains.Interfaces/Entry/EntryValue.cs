using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One value of a key, shared by all its readers and never changed.</summary>
[GenerateSerializer, Immutable, Alias("oc.value.v1")]
internal sealed record EntryValue
{
    /// <summary>The bytes; empty when <see cref="IsAbsent"/> and the origin sent none.</summary>
    [Id(0)] public byte[] Bytes { get; init; } = [];

    [Id(1)] public string? ContentType { get; init; }

    /// <summary>The content encoding of <see cref="Bytes"/>; null for none.</summary>
    [Id(2)] public string? Encoding { get; init; }

    /// <summary>True when what is cached is that the origin has no such thing.</summary>
    [Id(3)] public bool IsAbsent { get; init; }

    /// <summary>Grows with every change of the key, over all owners; 0 when the value was not stored.</summary>
    [Id(4)] public long Version { get; init; }

    /// <summary>When the origin was last asked, in microseconds of cluster time since 1970-01-01 UTC.</summary>
    [Id(5)] public long LastRetrieved { get; init; }

    /// <summary>When the value last changed, in microseconds of cluster time since 1970-01-01 UTC.</summary>
    [Id(6)] public long LastModified { get; init; }

    /// <summary>The tag log's head when the load of this value began.</summary>
    [Id(7)] public long Born { get; init; }

    [Id(8)] public ImmutableArray<string> Tags { get; init; } = [];
}
