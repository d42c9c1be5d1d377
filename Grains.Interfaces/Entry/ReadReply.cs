namespace OrleansCache;

/// <summary>The answer to a read. <c>default</c> is a miss: nothing there, nothing loaded.</summary>
[GenerateSerializer, Immutable, Alias("oc.readreply.v1")]
internal readonly record struct ReadReply : IOwnersReply
{
    [Id(0)] public ReadStatus Status { get; init; }

    /// <summary>The value for <see cref="ReadStatus.Hit"/>, <see cref="ReadStatus.Stale"/>, <see cref="ReadStatus.Loaded"/>
    /// and <see cref="ReadStatus.Joined"/>; null otherwise.</summary>
    [Id(1)] public EntryValue? Value { get; init; }

    /// <summary>Milliseconds until the value is no longer fresh; negative past it; <see cref="NoLifetime"/> for never.</summary>
    [Id(2)] public long FreshMilliseconds { get; init; }

    /// <summary>Milliseconds until the value may not be served at all; <see cref="NoLifetime"/> for never.</summary>
    [Id(3)] public long StaleMilliseconds { get; init; }

    /// <summary>Milliseconds since the origin was last asked.</summary>
    [Id(4)] public long AgeMilliseconds { get; init; }

    /// <summary>True when a load's result was kept, so that the next read will find it.</summary>
    [Id(5)] public bool Stored { get; init; }

    /// <summary>True when the owner serves from memory without proof or store.</summary>
    [Id(6)] public bool Degraded { get; init; }

    /// <summary>Why the value is stale or missing; null when all is well.</summary>
    [Id(7)] public LoadProblem? Problem { get; init; }

    /// <summary>The lease to load, for <see cref="ReadStatus.Lease"/>, and for <see cref="ReadStatus.Stale"/> when this reader shall refresh.</summary>
    [Id(8)] public LoadTicket? Ticket { get; init; }

    /// <summary>Milliseconds of near-cache lease, counted by the holder from before it asked; 0 for none.</summary>
    [Id(9)] public int LeaseMilliseconds { get; init; }

    [Id(10)] public long RecallSequence { get; init; }

    /// <summary>The tag log's head as the owner knows it.</summary>
    [Id(11)] public long TagHead { get; init; }

    /// <summary>The owner's view number; with <see cref="ReadStatus.NotOwner"/> the caller routes by a view at least as new.</summary>
    [Id(12)] public long View { get; init; }

    /// <summary>True in a <c>strict</c> region.</summary>
    [Id(13)] public bool Strict { get; init; }

    /// <summary>
    /// Milliseconds from the question's arrival to when the answer was decided, rounded down: it knows of every change before that.
    /// Positive for who waited for a load that ended well. Negative for an answer kept for who had to ask again, and for a load that a change
    /// may have overtaken: that one knows of what was before its begin.
    /// </summary>
    [Id(14)] public int DecidedAfterMilliseconds { get; init; }

    bool IOwnersReply.IsRefusal => Status == ReadStatus.NotOwner;

    /// <summary>Stands for "no end" in the millisecond fields.</summary>
    public const long NoLifetime = long.MaxValue;
}

internal enum ReadStatus : byte
{
    /// <summary>Nothing is there, and nothing was loaded.</summary>
    Miss = 0,
    Hit = 1,
    Stale = 2,

    /// <summary>Loaded for this call.</summary>
    Loaded = 3,

    /// <summary>Loaded by a load that this call joined.</summary>
    Joined = 4,

    /// <summary>The caller holds the lease and shall load.</summary>
    Lease = 5,

    /// <summary>The slice is over and a load still runs: ask again.</summary>
    AskAgain = 6,

    /// <summary>This silo does not own the key.</summary>
    NotOwner = 7,

    /// <summary>A load was wanted and refused or failed; see <see cref="ReadReply.Problem"/>.</summary>
    Failed = 8,

    /// <summary>A load is wanted, and the reader goes by a version from an earlier read: ask the origin for the one it has now.</summary>
    AskVersion = 9,
}
