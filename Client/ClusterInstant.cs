namespace OrleansCache;

/// <summary>Microseconds of cluster time as an instant.</summary>
internal static class ClusterInstant
{
    public static DateTimeOffset Of(long microseconds) =>
        microseconds <= 0 ? default : new DateTimeOffset(DateTime.UnixEpoch.Ticks + Math.Min(microseconds, MaxMicroseconds) * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>Null for none and for never.</summary>
    public static DateTimeOffset? OrNull(long microseconds) => microseconds is 0 or ReadReply.NoLifetime ? null : Of(microseconds);

    private static readonly long MaxMicroseconds = (DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
