using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Raises tags for clients. The grain's key is <c>0</c>.</summary>
[Alias("oc.tags")]
internal interface ITagGrain : IGrainWithStringKey
{
    /// <summary>Invalidates every entry that carries one of the tags; durable when it returns. Returns the raise's number.</summary>
    [Alias("raise")]
    ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken = default);

    /// <summary>Answers when the tag was raised after what the watcher knows, or at the end of the slice. Any silo answers, by the log.</summary>
    [Alias("watch")]
    ValueTask<WatchReply> WatchAsync(string tag, WatchRequest request);
}
