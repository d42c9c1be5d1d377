namespace OrleansCache;

/// <summary>What became of an eager key's turn. <c>default</c> is no answer of its owner.</summary>
[GenerateSerializer, Immutable, Alias("oc.eager.v1")]
internal readonly record struct EagerReply : IOwnersReply
{
    [Id(0)] public EagerStatus Status { get; init; }

    /// <summary>Milliseconds until its next turn.</summary>
    [Id(1)] public long DueMilliseconds { get; init; }

    [Id(2)] public long View { get; init; }

    bool IOwnersReply.IsRefusal => Status == EagerStatus.NotOwner;
}

internal enum EagerStatus : byte
{
    /// <summary>Another silo has the key.</summary>
    NotOwner = 0,

    /// <summary>It has another turn.</summary>
    Due = 1,

    /// <summary>Nobody has read it for long, or nothing is there: it comes back with its next read.</summary>
    Over = 2,
}
