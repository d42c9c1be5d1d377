namespace OrleansCache;

/// <summary>What a silo does with the keys that moved away, before it says that it has let them go.</summary>
internal interface ISealWork
{
    /// <summary>
    /// Flushes or hands over what <see cref="IOwnership.IsPlacedHere"/> no more; the silo has stopped serving it already. The others wait, so
    /// there is a deadline, after which the view is sealed whatever is left: the new owner's epoch keeps it out of the store.
    /// </summary>
    Task LetGoAsync(Placement placement, CancellationToken deadline);
}
