namespace OrleansCache;

/// <summary>A question for one permit.</summary>
[GenerateSerializer, Immutable, Alias("oc.permit.v1")]
internal readonly record struct PermitRequest
{
    /// <summary>The same in every repetition, so that a waiting caller keeps its place.</summary>
    [Id(0)] public Guid Ticket { get; init; }

    /// <summary>True for refreshes that nobody waits for: they get what the foreground leaves, and at least their share.</summary>
    [Id(1)] public bool Background { get; init; }

    /// <summary>How much longer the caller would wait, in milliseconds; 0 wants an answer now, below 0 gives the place up.</summary>
    [Id(2)] public int WaitMilliseconds { get; init; }
}

/// <summary>The answer. <c>default</c> is a refusal.</summary>
[GenerateSerializer, Immutable, Alias("oc.permitreply.v1")]
internal readonly record struct PermitReply : IOwnersReply
{
    [Id(0)] public PermitStatus Status { get; init; }

    /// <summary>For <see cref="PermitStatus.Wait"/>: ask again after this; for a refusal: when a permit could be had.</summary>
    [Id(1)] public long RetryAfterMilliseconds { get; init; }
    [Id(2)] public long View { get; init; }

    /// <summary>For a wait or a refusal: what keeps permits back.</summary>
    [Id(3)] public PermitHold Hold { get; init; }

    bool IOwnersReply.IsRefusal => Status == PermitStatus.NotOwner;
}

/// <summary>What keeps permits back.</summary>
internal enum PermitHold : byte
{
    /// <summary>The limit's own windows.</summary>
    Limit = 0,

    /// <summary>The origin asked for a pause.</summary>
    Pause = 1,

    /// <summary>The store that permits are recorded in is away, or the silo that has the limiter.</summary>
    Away = 2,
}

internal enum PermitStatus : byte
{
    Refused = 0,
    Granted = 1,
    Wait = 2,

    /// <summary>No limit is configured under this name.</summary>
    Unlimited = 3,
    NotOwner = 4,

    /// <summary>The limiter's silo has no proof of its right yet: ask again soon. Such a wait is not the limit's.</summary>
    Unproven = 5,

    /// <summary>A permit is free and is being recorded, to one who would not wait for the limit: ask again soon. Such a wait is not the limit's.</summary>
    Recording = 6,
}

/// <summary>A limiter's state, for explain and the dashboard.</summary>
[GenerateSerializer, Immutable, Alias("oc.limiterstate.v1")]
internal sealed record RateLimiterDescription : IOwnersReply
{
    /// <summary>For people, such as <c>3 of 10 a second, 120 of 50000 a day</c>; empty without limits.</summary>
    [Id(0)] public string Windows { get; init; } = "";
    [Id(1)] public int ForegroundWaiting { get; init; }
    [Id(2)] public int BackgroundWaiting { get; init; }
    [Id(3)] public long PausedMilliseconds { get; init; }
    [Id(4)] public long Granted { get; init; }
    [Id(5)] public long Refused { get; init; }
    [Id(6)] public long View { get; init; }

    /// <summary>True from a silo that does not have the limiter.</summary>
    [Id(7)] public bool IsRefusal { get; init; }

    /// <summary>What a cold miss does without a permit, and how long it waits for one at most.</summary>
    [Id(8)] public OnMiss OnMiss { get; init; }
    [Id(9)] public int MaxWaitMilliseconds { get; init; }
}
