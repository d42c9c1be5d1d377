namespace OrleansCache;

/// <summary>Where views and leases are shared. Each call is one atomic step; the store's own clock is never used to judge a lease.</summary>
/// <remarks>Any exception but cancellation means that the store was not reached, or that nobody knows.</remarks>
internal interface IOwnershipStore
{
    /// <summary>Counts the silo's lease on, if the view's number is still the expected one and the silo has a lease; reads all in any case.</summary>
    /// <param name="expectedView">Null only reads.</param>
    /// <param name="incarnation">Whose lease.</param>
    /// <param name="sealedView">Reported with it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken);

    /// <summary>Replaces the view, drops the leases of who is not in it and gives the silo a first one, if everything is as the change expects.</summary>
    ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken);
}
