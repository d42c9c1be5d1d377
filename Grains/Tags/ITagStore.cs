namespace OrleansCache;

/// <summary>Where raises are kept: a list capped at <see cref="Capacity"/>, whose last number never falls.</summary>
internal interface ITagStore
{
    /// <summary>Raises kept; older ones sink into the floor.</summary>
    const int Capacity = 1 << 16;

    /// <summary>
    /// Appends a raise of the tags under the next number, or nothing when there are none, and returns what the asker does not know, this
    /// raise included. A store that has not got as far as the asker, or has another raise under the last number that it knows, lost raises:
    /// it begins a new generation, and goes on above the asker's number.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store can't be reached.</exception>
    ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken);
}

/// <summary>A store for many silos. Each append counts the asker's lease on, and says how far it knows the log.</summary>
internal interface ISharedTagStore : ITagStore
{
    /// <summary>Ends this silo's lease, so that no raise waits for it.</summary>
    ValueTask LeaveAsync(CancellationToken cancellationToken);

    /// <summary>Tells of each raise, and of each that all have, until disposed. A hint: some may be lost.</summary>
    /// <param name="hint">The generation and the number of its last raise.</param>
    /// <param name="cancellationToken">Ends the wait for the beginning.</param>
    ValueTask<IAsyncDisposable> ListenAsync(Action<long, long> hint, CancellationToken cancellationToken);
}
