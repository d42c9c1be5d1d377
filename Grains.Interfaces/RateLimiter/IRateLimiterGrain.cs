namespace OrleansCache;

/// <summary>Gives the permits of one integration for the whole cluster. The grain's key is the integration's name.</summary>
/// <remarks>It never waits: who must wait is told how long, and asks again with the same ticket to keep its place.</remarks>
[Alias("oc.limiter")]
internal interface IRateLimiterGrain : IGrainWithStringKey
{
    /// <summary>Asks for one permit; good for 50 ms on the caller's clock, counted from before it asked.</summary>
    [Alias("acquire")]
    ValueTask<PermitReply> AcquireAsync(PermitRequest request, CancellationToken cancellationToken = default);

    /// <summary>Grants nothing for a while: the origin said so (429 or 503 with Retry-After).</summary>
    /// <returns>False when this silo does not have the limiter: another is to be asked.</returns>
    [Alias("pause")]
    ValueTask<bool> PauseAsync(TimeSpan duration, CancellationToken cancellationToken = default);

    /// <summary>The state for people: what is used of each window, who waits.</summary>
    [Alias("describe")]
    ValueTask<RateLimiterDescription> DescribeAsync(CancellationToken cancellationToken = default);
}
