namespace OrleansCache;

/// <summary>Owns one cache key: its value, version, clocks and loads. The grain's key is <see cref="CacheKey.GrainKey"/>.</summary>
/// <remarks>
/// No call waits inside the grain longer than a slice of two seconds: it is told to ask again, and the caller loops.
/// A token ends the caller's wait only, never work that others share. Reads take none: who gives up leaves, and a call that carries a
/// token costs a source of tokens at each end.
/// </remarks>
[Alias("oc.entry")]
internal interface IEntryGrain : IGrainWithStringKey
{
    /// <summary>Answers from what is there; else loads, joins a load, or hands the caller the lease to load.</summary>
    [Alias("read")]
    ValueTask<ReadReply> ReadAsync(ReadRequest request);

    /// <summary>Loads again though a value is there: a declared key at once, any other at its next get-or-create.</summary>
    [Alias("refresh")]
    ValueTask<ReadReply> RefreshAsync(ReadRequest request);

    /// <summary>Loads an eager key again if its fresh time is over. Asked by the silo that has it, while nobody waits.</summary>
    [Alias("refresh-eagerly")]
    ValueTask<EagerReply> RefreshEagerlyAsync();

    /// <summary>Ends a leased load with its result. Stored only if the lease still holds and nothing changed meanwhile.</summary>
    [Alias("complete")]
    ValueTask<LoadReply> CompleteLoadAsync(LoadCompletion completion, CancellationToken cancellationToken = default);

    /// <summary>Gives the caller the key's turn to write to the origin, one at a time. Until it ends readers have the old value, and no load is kept.</summary>
    [Alias("begin-write")]
    ValueTask<OriginWriteReply> BeginWriteAsync(BeginWriteRequest request);

    /// <summary>
    /// Proves that the turn is not over, and keeps it for its time from now: asked by the silo that makes the call, before the call leaves and
    /// while it runs.
    /// </summary>
    [Alias("hold-write")]
    ValueTask<OriginWriteReply> HoldWriteAsync(LoadTicket ticket);

    /// <summary>Ends that turn: with the new value, with the old one, or with none when the origin's answer is not known.</summary>
    [Alias("end-write")]
    ValueTask<OriginWriteReply> EndWriteAsync(EndWriteRequest request);

    /// <summary>Keeps a leased load, or a turn to write, alive; false when the lease is gone and the result will not be stored.</summary>
    [Alias("renew")]
    ValueTask<bool> RenewLoadAsync(LoadTicket ticket, CancellationToken cancellationToken = default);

    /// <summary>Writes a value. Acknowledged as the region's durability says.</summary>
    [Alias("write")]
    ValueTask<WriteReply> WriteAsync(WriteRequest request, CancellationToken cancellationToken = default);

    /// <summary>Removes the value; always durable before it is acknowledged.</summary>
    [Alias("remove")]
    ValueTask<WriteReply> RemoveAsync(RemoveRequest request, CancellationToken cancellationToken = default);

    /// <summary>Says what changed between the key's last two values, where the region keeps them.</summary>
    [Alias("difference")]
    ValueTask<ValueDifference> DifferenceAsync();

    /// <summary>Answers when there is another version than the watcher knows, or at the end of the slice.</summary>
    [Alias("watch")]
    ValueTask<WatchReply> WatchAsync(WatchRequest request);

    /// <summary>Says what is there and why the last read was answered as it was. Never loads, never changes anything.</summary>
    [Alias("explain")]
    ValueTask<EntryExplanation> ExplainAsync(CancellationToken cancellationToken = default);
}
