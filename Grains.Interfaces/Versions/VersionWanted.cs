namespace OrleansCache;

/// <summary>The origin's version that a reader goes by. <c>default</c> goes by none.</summary>
/// <param name="Version">A value of another version has changed at its origin; null does not compare.</param>
/// <param name="Seen">When the value was retrieved that the reader's session had last, in microseconds of cluster time; 0 for none.</param>
/// <param name="IsRemembered">It is from an earlier read: what is there is judged by it, and no load is of it.</param>
internal readonly record struct VersionWanted(string? Version, long Seen = 0, bool IsRemembered = false)
{
    /// <summary>True when such a value is not for this reader.</summary>
    /// <param name="version">The value's; null when nobody knows it.</param>
    /// <param name="retrieved">When it was retrieved. One from since the session's last is never older than that, whatever its version.</param>
    public bool IsOther(string? version, long retrieved) => Version is not null && Version != version && (Seen == 0 || retrieved < Seen);

    /// <summary>What a session remembers that has read by this too: what it went by first, until it was given something newer.</summary>
    public VersionWanted And(in VersionWanted later) => later.Seen <= Seen ? this : new(later.IsRemembered ? Version : later.Version, later.Seen);
}
