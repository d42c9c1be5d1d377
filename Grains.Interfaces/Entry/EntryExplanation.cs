using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What a key's owner knows of it. Instants are microseconds of cluster time; 0 for none.</summary>
[GenerateSerializer, Immutable, Alias("oc.explain.v1")]
internal sealed record EntryExplanation : IOwnersReply
{
    /// <summary><c>absent</c>, <c>fresh</c>, <c>stale</c> or <c>loading</c>.</summary>
    [Id(0)] public string State { get; init; } = "absent";
    [Id(1)] public long Version { get; init; }
    [Id(2)] public long LastRetrieved { get; init; }
    [Id(3)] public long LastModified { get; init; }

    /// <summary>0 for none, <see cref="ReadReply.NoLifetime"/> for never.</summary>
    [Id(4)] public long FreshUntil { get; init; }
    [Id(5)] public long StaleUntil { get; init; }

    /// <summary>A sentence: why the last read was answered as it was.</summary>
    [Id(6)] public string Reason { get; init; } = "";
    [Id(7)] public string? LastError { get; init; }

    /// <summary>The integration that the key belongs to; null for a plain region.</summary>
    [Id(8)] public string? Integration { get; init; }
    [Id(9)] public string? Breaker { get; init; }
    [Id(10)] public string Owner { get; init; } = "";
    [Id(11)] public long View { get; init; }
    [Id(12)] public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>When a failed refresh will be tried again; 0 for none pending.</summary>
    [Id(13)] public long NextTry { get; init; }
    [Id(14)] public bool Degraded { get; init; }

    /// <summary>True from a silo that does not own the key and so knows nothing of it.</summary>
    [Id(15)] public bool IsRefusal { get; init; }

    /// <summary>The origin's version that the value belongs to; null when nobody knows it.</summary>
    [Id(16)] public string? OriginVersion { get; init; }
}
