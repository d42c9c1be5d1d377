namespace OrleansCache;

/// <summary>Raises a tag once for many who ask for it in quick succession, in the whole cluster. The grain's key is the tag.</summary>
[Alias("oc.debounce")]
internal interface IDebounceGrain : IGrainWithStringKey
{
    /// <summary>Asks for a raise, or hears of the one that was asked for under the same operation. Waits a slice at most.</summary>
    [Alias("raise")]
    ValueTask<DebounceReply> RaiseAsync(DebounceRequest request);
}

/// <summary>One who asks. Repeating it with the same operation id is the same question.</summary>
[GenerateSerializer, Immutable, Alias("oc.debouncecall.v1")]
internal readonly record struct DebounceRequest
{
    [Id(0)] public Guid OperationId { get; init; }

    /// <summary>How long nobody else must have asked.</summary>
    [Id(1)] public int QuietMilliseconds { get; init; }

    /// <summary>Counted from the first who asked: no longer, whoever asks.</summary>
    [Id(2)] public int LongestMilliseconds { get; init; }

    [Id(3)] public int WaitMilliseconds { get; init; }
}

/// <summary>The answer. <c>default</c>: not yet, ask again.</summary>
[GenerateSerializer, Immutable, Alias("oc.debouncereply.v1")]
internal readonly record struct DebounceReply : IOwnersReply
{
    [Id(0)] public bool IsRaised { get; init; }
    [Id(1)] public long View { get; init; }

    bool IOwnersReply.IsRefusal => false;

    bool IOwnersReply.IsInLine => !IsRaised;
}
