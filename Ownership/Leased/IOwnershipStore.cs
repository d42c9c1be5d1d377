namespace OrleansCache;

/// <summary>Where views and leases are shared. Each call is one atomic step; the store's own clock is never used to judge a lease.</summary>
/// <remarks>Any exception but cancellation means that the store was not reached, or that nobody knows.</remarks>
internal interface IOwnershipStore
{
    /// <summary>Counts the silo's lease on, if the view's number is the expected one in a store that kept it; reads all in any case.</summary>
    /// <param name="expectedView">Null only reads.</param>
    /// <param name="incarnation">Whose lease.</param>
    /// <param name="sealedView">Reported with it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken);

    /// <summary>
    /// If everything is as the change expects: replaces the view, drops the leases of who is not in it, counts the publisher's on, and tells
    /// who listens.
    /// </summary>
    ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken);

    /// <summary>Tells the number of each view that is published, until disposed. A hint: some may be lost.</summary>
    ValueTask<IAsyncDisposable> ListenAsync(Action<long> hint, CancellationToken cancellationToken);
}
