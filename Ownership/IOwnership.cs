namespace OrleansCache;

/// <summary>The right of this silo to serve keys: asked on every strict operation, never remembered.</summary>
/// <remarks>
/// An answer is proved by asking for <see cref="FenceHolds"/> first and for <see cref="View"/> (unchanged since <see cref="Owns"/> was asked)
/// after it: then this silo owned the key at the instant of the first. The other way round a silo that was paused in between may have lost
/// the key and joined again.
/// </remarks>
internal interface IOwnership
{
    /// <summary>This silo's name, for people.</summary>
    string Self { get; }

    /// <summary>The number of the view that this silo goes by, whether it is in it or not; it never falls.</summary>
    long View { get; }

    /// <summary>Whom that view gives each key. Its number may be newer than a <see cref="View"/> read before.</summary>
    Placement Placement { get; }

    /// <summary>The view changed, or keys that were waited for may be served. Handlers must be quick and must not throw.</summary>
    event Action? Changed;

    /// <summary>True when the view gives the key to this silo, which may have to wait until whoever had it has let it go.</summary>
    /// <param name="keyHash"><see cref="RoutingHash"/> of the grain key.</param>
    bool IsPlacedHere(ulong keyHash);

    /// <summary>True when this silo may serve the key now. While the view stays, it stays true.</summary>
    /// <param name="keyHash"><see cref="RoutingHash"/> of the grain key.</param>
    bool Owns(ulong keyHash);

    /// <summary>Waits for <see cref="Owns"/> while <see cref="IsPlacedHere"/>, for at most <paramref name="limit"/>; returns whether it does.</summary>
    ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>
    /// The view number in which this silo gained the key: the epoch under which it writes to the store. It grows when the silo lost
    /// the key and has it again: an activation made under another epoch is not the owner, whatever <see cref="FenceHolds"/> says.
    /// </summary>
    long EpochOf(ulong keyHash);

    /// <summary>True while nobody else can own this silo's keys. Compares the real clock on every call.</summary>
    bool FenceHolds { get; }

    /// <summary>Waits until <see cref="FenceHolds"/>, for at most <paramref name="limit"/>; returns whether it does.</summary>
    ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>Somebody goes by this view: if it is newer than ours, we look at once.</summary>
    void Hint(long view);
}
