namespace OrleansCache;

/// <summary>Time that all silos of a cluster agree on within an error that is known, in microseconds since 1970-01-01 UTC.</summary>
internal interface IClusterClock
{
    /// <summary>Cluster time, at the upper end of its error, which makes it fit for versions. Never falls, also over restarts of the cluster.</summary>
    long Now { get; }

    /// <summary>The time that has passed for certain: no silo's <see cref="Now"/> can be given out below it any more.</summary>
    long Earliest { get; }

    /// <summary>Completes once <see cref="Earliest"/> has reached the instant (commit wait).</summary>
    ValueTask PassedAsync(long instant, CancellationToken cancellationToken);
}
