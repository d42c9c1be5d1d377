namespace OrleansCache;

/// <summary>One write. Repeating it with the same operation id changes nothing more.</summary>
[GenerateSerializer, Immutable, Alias("oc.write.v1")]
internal readonly record struct WriteRequest
{
    [Id(0)] public Guid OperationId { get; init; }
    [Id(1)] public byte[] Bytes { get; init; }
    [Id(2)] public string? ContentType { get; init; }
    [Id(3)] public string? Encoding { get; init; }
    [Id(4)] public EntryLifetime? Lifetime { get; init; }
    [Id(5)] public ConditionKind Condition { get; init; }

    /// <summary>What the condition compares: a version, or with <see cref="ConditionKind.IfNewerSource"/> the source's sequence.</summary>
    [Id(6)] public long Version { get; init; }
    [Id(7)] public Guid Writer { get; init; }

    /// <summary>An earlier try may have had its effect.</summary>
    [Id(8)] public bool IsRepeated { get; init; }

    /// <summary>Who counts the sequence of <see cref="ConditionKind.IfNewerSource"/>.</summary>
    [Id(9)] public string? Source { get; init; }
}

/// <summary>One removal. Repeating it with the same operation id changes nothing more.</summary>
[GenerateSerializer, Immutable, Alias("oc.remove.v1")]
internal readonly record struct RemoveRequest
{
    [Id(0)] public Guid OperationId { get; init; }
    [Id(1)] public ConditionKind Condition { get; init; }
    /// <inheritdoc cref="WriteRequest.Version"/>
    [Id(2)] public long Version { get; init; }

    /// <summary>An earlier try may have had its effect.</summary>
    [Id(3)] public bool IsRepeated { get; init; }

    /// <inheritdoc cref="WriteRequest.Source"/>
    [Id(4)] public string? Source { get; init; }
}

internal enum ConditionKind : byte
{
    Always = 0,
    IfVersion = 1,
    IfAbsent = 2,

    /// <summary>Any current value will do (HTTP's <c>If-Match: *</c>).</summary>
    IfPresent = 3,

    /// <summary>The key has had no change of this source with this sequence or a later one.</summary>
    IfNewerSource = 4,
}

/// <summary>The answer to a write or removal. <c>default</c> is not accepted.</summary>
[GenerateSerializer, Immutable, Alias("oc.writereply.v1")]
internal readonly record struct WriteReply : IOwnersReply
{
    [Id(0)] public WriteStatus Status { get; init; }

    /// <summary>The version after an accepted change; the current one when the condition failed; 0 for none.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>True when a value was there before.</summary>
    [Id(2)] public bool Existed { get; init; }
    [Id(3)] public long RetryAfterMilliseconds { get; init; }
    [Id(4)] public long View { get; init; }
    [Id(5)] public string? Detail { get; init; }

    /// <summary>The change was accepted and how it ends is not known: it may have its effect without another try.</summary>
    [Id(6)] public bool IsPending { get; init; }

    bool IOwnersReply.IsRefusal => Status == WriteStatus.NotOwner;
}

internal enum WriteStatus : byte
{
    /// <summary>Nothing was changed: the owner has no proof or the store is unreachable. May be tried again.</summary>
    Unavailable = 0,
    Accepted = 1,
    ConditionFailed = 2,
    NotOwner = 3,

    /// <summary>The slice is over and the write is still under way: repeat it with the same operation id.</summary>
    AskAgain = 4,

    /// <summary>The value is larger than an entry may be.</summary>
    TooLarge = 5,

    /// <summary>An earlier try may have changed it, or not: nobody knows any more, and nothing was changed now.</summary>
    Doubtful = 6,
}
