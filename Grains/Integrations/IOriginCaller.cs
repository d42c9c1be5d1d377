using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Runs an integration's method: total timeout, retry, permit, breaker, attempt timeout, call.</summary>
/// <remarks>Runs outside the grain's turns. Never throws for what the origin does: that is a result.</remarks>
internal interface IOriginCaller
{
    /// <summary>Loads what the region's method gives for the arguments.</summary>
    Task<OriginResult> CallAsync(OriginCall call, CancellationToken cancellationToken);

    /// <summary>The same for many keys of one method by one call, with one permit for each attempt. A result for each, in their order.</summary>
    Task<ImmutableArray<OriginResult>> CallManyAsync(RegionPolicy policy, ImmutableArray<BatchItem> items, CallerToken? caller, CancellationToken cancellationToken);

    /// <summary>The breaker's state for people: <c>closed</c>, <c>open until …</c>, <c>half-open</c>; null without one.</summary>
    string? DescribeBreaker(string integration);
}

/// <summary>One load of a declared key.</summary>
internal readonly record struct OriginCall
{
    public required RegionPolicy Policy { get; init; }

    /// <summary>Sorted by name.</summary>
    public required ImmutableArray<CallArgument> Arguments { get; init; }

    /// <summary>True when nobody waits for the result.</summary>
    public bool Background { get; init; }

    /// <summary>The validators of the value that is there, for a conditional request.</summary>
    public string? ETag { get; init; }
    public string? LastModified { get; init; }

    /// <summary>Who calls; null for nobody.</summary>
    public CallerToken? Caller { get; init; }
}

/// <summary>What the origin gave.</summary>
internal sealed record OriginResult
{
    public OriginResultKind Kind { get; init; }
    public byte[] Bytes { get; init; } = [];
    public string? ContentType { get; init; }
    public string? Encoding { get; init; }
    public string? ETag { get; init; }
    public string? LastModified { get; init; }

    /// <summary>The method's tags with the arguments filled in, and those that the result set for itself.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>What the result says of its own lifetime; null follows the region.</summary>
    public EntryLifetime? Lifetime { get; init; }

    /// <summary>Why there is nothing to store, for <see cref="OriginResultKind.Failed"/> and <see cref="OriginResultKind.Absent"/>.</summary>
    public LoadProblem? Problem { get; init; }
}

internal enum OriginResultKind
{
    Failed = 0,
    Value = 1,

    /// <summary>304: what is there is still good.</summary>
    NotModified = 2,

    /// <summary>404: the origin's answer is in <see cref="OriginResult.Bytes"/>.</summary>
    Absent = 3,
}
