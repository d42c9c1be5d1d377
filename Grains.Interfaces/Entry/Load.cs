using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The right to load a key: good while renewed, refused once anything newer happened.</summary>
[GenerateSerializer, Immutable, Alias("oc.ticket.v1")]
internal sealed record LoadTicket
{
    /// <summary>The <see cref="Number"/> of a turn to write to the origin.</summary>
    public const long OfWriter = -1;

    /// <summary>The activation that gave it; for a turn to write, which outlives that, the operation that asked for it.</summary>
    [Id(0)] public Guid Activation { get; init; }

    /// <summary>Counts that activation's loads.</summary>
    [Id(1)] public long Number { get; init; }

    /// <summary>Milliseconds without a renewal after which the lease ends; the holder renews at a third of it.</summary>
    [Id(2)] public int LeaseMilliseconds { get; init; }

    /// <summary>Milliseconds, counted by the caller from before it asked, in which the origin call must leave; 0 when no permit is needed.</summary>
    [Id(3)] public int PermitMilliseconds { get; init; }

    /// <summary>Milliseconds that each later attempt of this load may wait for a permit of its own.</summary>
    [Id(4)] public int PermitWaitMilliseconds { get; init; }

    /// <summary>True when a later attempt that gets no permit is made without one.</summary>
    [Id(5)] public bool MayBypass { get; init; }
}

/// <summary>The end of a leased load.</summary>
[GenerateSerializer, Immutable, Alias("oc.completion.v1")]
internal readonly record struct LoadCompletion
{
    [Id(0)] public LoadTicket? Ticket { get; init; }
    [Id(1)] public LoadResultKind Kind { get; init; }
    [Id(2)] public byte[]? Bytes { get; init; }
    [Id(3)] public string? ContentType { get; init; }
    [Id(4)] public EntryLifetime? Lifetime { get; init; }

    /// <summary>Why it failed, for <see cref="LoadResultKind.Failed"/>; null when it was given up without a call (its permit lapsed):
    /// no failure is remembered, and the next who asks gets the lease.</summary>
    [Id(5)] public LoadProblem? Problem { get; init; }
    [Id(6)] public Guid OperationId { get; init; }

    /// <summary>The content encoding of <see cref="Bytes"/>; null for none.</summary>
    [Id(7)] public string? Encoding { get; init; }

    /// <summary>The origin's validators, for later conditional requests.</summary>
    [Id(8)] public string? ETag { get; init; }
    [Id(9)] public string? LastModified { get; init; }
}

internal enum LoadResultKind : byte
{
    /// <summary>The load failed or was given up.</summary>
    Failed = 0,
    Value = 1,

    /// <summary>There is no such thing; cached for <see cref="EntryLifetime.AbsentMilliseconds"/>.</summary>
    Absent = 2,

    /// <summary>A value for those who wait, not to be kept.</summary>
    DoNotStore = 3,
}

/// <summary>What became of a leased load's result.</summary>
[GenerateSerializer, Immutable, Alias("oc.loadreply.v1")]
internal readonly record struct LoadReply
{
    /// <summary>False when a change, a tag, a lost lease or the store came first: the caller has its value, uncached.</summary>
    [Id(0)] public bool Stored { get; init; }

    /// <summary>When stored: version and instants; <see cref="EntryValue.Bytes"/> may be empty, the caller has them.
    /// For a failed load: the whole stale value to serve instead, if one may be served; null otherwise.</summary>
    [Id(1)] public EntryValue? Value { get; init; }
    [Id(2)] public long View { get; init; }

    /// <summary>Why it was not stored: <c>changed</c>, <c>tag-raised</c>, <c>lease-lost</c>, <c>store</c>, <c>unproven</c>; null when stored.</summary>
    [Id(3)] public string? Detail { get; init; }
    [Id(4)] public long FreshMilliseconds { get; init; }
    [Id(5)] public long StaleMilliseconds { get; init; }

    /// <summary>True when the result knows of all that was acknowledged before the load's end; else it is for those who came before the load began.</summary>
    [Id(6)] public bool IsCurrent { get; init; }
}

/// <summary>How long a value lives and what invalidates it.</summary>
[GenerateSerializer, Immutable, Alias("oc.lifetime.v1")]
internal sealed record EntryLifetime
{
    /// <summary>Milliseconds; null follows the region, <see cref="ReadReply.NoLifetime"/> never ends.</summary>
    [Id(0)] public long? FreshMilliseconds { get; init; }

    /// <summary>Milliseconds past fresh in which the value may still be served; null follows the region.</summary>
    [Id(1)] public long? StaleMilliseconds { get; init; }

    /// <summary>0 to 1: fresh time is shortened by a random share up to this; null follows the region.</summary>
    [Id(2)] public double? Jitter { get; init; }

    /// <summary>Milliseconds for which absence is remembered; 0 does not remember it; null follows the region.</summary>
    [Id(3)] public long? AbsentMilliseconds { get; init; }

    /// <summary>Each read moves the end of fresh time to this many milliseconds ahead; null for none.</summary>
    [Id(4)] public long? SlidingMilliseconds { get; init; }

    [Id(5)] public ImmutableArray<string> Tags { get; init; } = [];
}
