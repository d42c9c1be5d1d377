namespace OrleansCache;

/// <summary>The right of this silo to serve keys: asked on every strict operation, never remembered.</summary>
internal interface IOwnership
{
    /// <summary>This silo's name, for people.</summary>
    string Self { get; }

    /// <summary>The number of the view that this silo goes by; it never falls.</summary>
    long View { get; }

    /// <summary>True when the view gives the key to this silo.</summary>
    /// <param name="keyHash"><see cref="RoutingHash"/> of the grain key.</param>
    bool Owns(ulong keyHash);

    /// <summary>
    /// The view number in which this silo gained the key: the epoch under which it writes to the store. It grows when the silo lost
    /// the key and has it again: an activation made under another epoch is not the owner, whatever <see cref="FenceHolds"/> says.
    /// </summary>
    long EpochOf(ulong keyHash);

    /// <summary>True while nobody else can own this silo's keys. Compares the real clock on every call.</summary>
    bool FenceHolds { get; }

    /// <summary>Waits until <see cref="FenceHolds"/>, for at most <paramref name="limit"/>; returns whether it does.</summary>
    ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken);
}
