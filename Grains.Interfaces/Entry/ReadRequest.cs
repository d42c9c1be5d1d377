using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One read. <c>default</c> reads what is there and loads nothing.</summary>
[GenerateSerializer, Immutable, Alias("oc.read.v1")]
internal readonly record struct ReadRequest
{
    /// <summary>What the reader wants when nothing fresh is there.</summary>
    [Id(0)] public LoadMode Load { get; init; }

    /// <summary>How long the caller will wait in this call, in milliseconds; the grain waits no longer than its slice.</summary>
    [Id(1)] public int WaitMilliseconds { get; init; }

    /// <summary>The process that reads and, with <see cref="LeaseWanted"/>, would hold a near-cache lease.</summary>
    [Id(2)] public Guid Holder { get; init; }

    [Id(3)] public bool LeaseWanted { get; init; }

    /// <summary>The version that the reader holds; 0 for none.</summary>
    [Id(4)] public long HeldVersion { get; init; }

    /// <summary>The same for every repetition of one call, so that a repeated question keeps its place.</summary>
    [Id(5)] public Guid OperationId { get; init; }

    /// <summary>Hashes of the keys whose loads led to this read; a cycle is run unshared. May be default.</summary>
    [Id(6)] public ImmutableArray<ulong> LoadChain { get; init; }

    /// <summary>The bound arguments of a declared load, sorted by name; default otherwise.</summary>
    [Id(7)] public ImmutableArray<CallArgument> Arguments { get; init; }

    /// <summary>The integration whose permit a leased load takes; null for none.</summary>
    [Id(8)] public string? Limiter { get; init; }

    /// <summary>Milliseconds that a leased load may wait for its permit; the limiter's own setting when null.</summary>
    [Id(9)] public int? MaxPermitWaitMilliseconds { get; init; }

    /// <summary>What happens past fresh time; the region's own when null.</summary>
    [Id(10)] public Strategy? Strategy { get; init; }

    /// <summary>Who calls, for the origin of a declared load; null for nobody. No part of the key.</summary>
    [Id(12)] public CallerToken? Caller { get; init; }

    /// <summary>True when the holder of a lease takes the limiter's permit itself: one call of its makes the values of many keys.</summary>
    [Id(11)] public bool SharesPermit { get; init; }

    /// <inheritdoc cref="VersionWanted.Version"/>
    [Id(13)] public string? OriginVersion { get; init; }

    /// <inheritdoc cref="VersionWanted.Seen"/>
    [Id(14)] public long Seen { get; init; }

    /// <summary>The session whose reads agree, for a declared load; null outside of one.</summary>
    [Id(15)] public string? Session { get; init; }

    /// <inheritdoc cref="VersionWanted.IsRemembered"/>
    [Id(16)] public bool IsRemembered { get; init; }

    public VersionWanted Wanted => new(OriginVersion, Seen, IsRemembered);

    public ReadRequest By(in VersionWanted wanted) => this with { OriginVersion = wanted.Version, Seen = wanted.Seen, IsRemembered = wanted.IsRemembered };
}

/// <summary>Who loads when nothing fresh is there.</summary>
internal enum LoadMode : byte
{
    /// <summary>Nobody: the read says what is there.</summary>
    None = 0,

    /// <summary>The caller, with its own factory, under a lease that the grain gives.</summary>
    Leased = 1,

    /// <summary>The silo, by the integration method that the region names.</summary>
    Declared = 2,

    /// <summary>The caller, who has a silo make one call of that method for many keys, under a lease for each; a refresh behind a stale value is the silo's.</summary>
    Batched = 3,
}

/// <summary>A bound argument. Null, empty and not given are three things; not given is not listed.</summary>
[GenerateSerializer, Immutable, Alias("oc.arg.v1")]
internal readonly record struct CallArgument([property: Id(0)] string Name, [property: Id(1)] string? Value);
