using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Makes one call of an integration for many keys. The grain's key names that one call: who asks again hears of the same.</summary>
[Alias("oc.batch")]
internal interface IBatchGrain : IGrainWithStringKey
{
    /// <summary>Makes the call, or waits for it, a slice long.</summary>
    [Alias("call")]
    ValueTask<BatchReply> CallAsync(BatchRequest request);
}

/// <summary>What is to be called. Whoever asks has the right to load each of the keys.</summary>
[GenerateSerializer, Immutable, Alias("oc.batchcall.v1")]
internal readonly record struct BatchRequest
{
    /// <summary>Of the method.</summary>
    [Id(0)] public string Region { get; init; }

    [Id(1)] public ImmutableArray<BatchItem> Items { get; init; }

    [Id(2)] public int WaitMilliseconds { get; init; }

    /// <summary>Who calls, for the origin; null for nobody.</summary>
    [Id(3)] public CallerToken? Caller { get; init; }
}

/// <summary>One key's bound arguments, sorted by name.</summary>
[GenerateSerializer, Immutable, Alias("oc.batchitem.v1")]
internal readonly record struct BatchItem([property: Id(0)] ImmutableArray<CallArgument> Arguments);

/// <summary>How the call ended. <c>default</c>: it has not.</summary>
[GenerateSerializer, Immutable, Alias("oc.batchreply.v1")]
internal readonly record struct BatchReply : IOwnersReply
{
    [Id(0)] public bool IsDone { get; init; }

    /// <summary>The end of each item's load, in their order, without ticket and operation.</summary>
    [Id(1)] public ImmutableArray<LoadCompletion> Items { get; init; }

    [Id(2)] public long View { get; init; }

    bool IOwnersReply.IsRefusal => false;

    bool IOwnersReply.IsInLine => !IsDone;
}
