namespace OrleansCache.Tests;

/// <summary>Cluster time that is off from the test's own clock by a known error, and sure of no more than that.</summary>
internal sealed class FakeClusterClock(TimeProvider clock) : IClusterClock
{
    /// <summary>How far <see cref="Now"/> is ahead of the truth, in microseconds.</summary>
    public long Off { get; set; }

    /// <summary>How far off it may be.</summary>
    public long Error { get; set; }

    public long Now => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10 + Off;

    public long Earliest => Now - Error;

    public ValueTask PassedAsync(long instant, CancellationToken cancellationToken) => default;
}
