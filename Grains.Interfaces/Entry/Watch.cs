namespace OrleansCache;

/// <summary>A question for news of a key. Repeating it changes nothing.</summary>
[GenerateSerializer, Immutable, Alias("oc.watch.v1")]
internal readonly record struct WatchRequest
{
    /// <summary>The version that the watcher was last told, 0 for nothing there; <see cref="Unknown"/> for none yet.</summary>
    [Id(0)] public long Known { get; init; }

    [Id(1)] public int WaitMilliseconds { get; init; }

    /// <summary>Any answer is news.</summary>
    public const long Unknown = -1;
}

/// <summary>The answer. <c>default</c>: nothing new, ask again.</summary>
[GenerateSerializer, Immutable, Alias("oc.watchreply.v1")]
internal readonly record struct WatchReply : IOwnersReply
{
    [Id(0)] public WatchStatus Status { get; init; }

    /// <summary>What there is now: a key's version, 0 for nothing; a tag's last raise.</summary>
    [Id(1)] public long Version { get; init; }

    [Id(2)] public long View { get; init; }

    bool IOwnersReply.IsRefusal => Status == WatchStatus.NotOwner;

    bool IOwnersReply.IsInLine => Status == WatchStatus.AskAgain;
}

internal enum WatchStatus : byte
{
    /// <summary>The slice is over, or the owner cannot tell now.</summary>
    AskAgain = 0,
    News = 1,
    NotOwner = 2,
}
