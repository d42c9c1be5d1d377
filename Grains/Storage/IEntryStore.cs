namespace OrleansCache;

/// <summary>Where entries survive. Every operation touches one key and is atomic; a former owner's late write does nothing.</summary>
/// <remarks>Implementations throw <see cref="StoreUnavailableException"/> when the store can't be reached, and say whether a write may have happened.</remarks>
internal interface IEntryStore
{
    /// <summary>For the banner and <c>/healthz/ready</c>: <c>memory</c>, <c>file</c> or <c>redis</c>.</summary>
    string Kind { get; }

    /// <summary>False while the store is known to be unreachable. A hint for health, not a gate.</summary>
    bool IsReachable { get; }

    /// <summary>Reads the record and raises its epoch to the reader's; an absent key gets a claim of that epoch for a minute.</summary>
    ValueTask<StoreReadResult> ReadAsync(string grainKey, long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the record unless the stored one has a higher epoch, or the same epoch and a higher version.
    /// A stored record with the same operation id, epoch and version counts as written: it was this call, repeated.
    /// </summary>
    ValueTask<StoreWriteResult> WriteAsync(string grainKey, EntryRecord record, CancellationToken cancellationToken);
}

/// <summary>What a read found. <c>default</c> is nothing.</summary>
/// <param name="Record">The record as stored; null when there is none, or only a claim.</param>
/// <param name="RefusedByEpoch">A higher epoch that owns the record now; 0 when the reader owns it.</param>
internal readonly record struct StoreReadResult(EntryRecord? Record, long RefusedByEpoch);

/// <summary>What became of a write.</summary>
/// <param name="Written">True when the record is in the store.</param>
/// <param name="RefusedByEpoch">A higher epoch that owns the record now; 0 otherwise.</param>
internal readonly record struct StoreWriteResult(bool Written, long RefusedByEpoch);
