namespace OrleansCache;

/// <summary>What an entry needs of the grain around it. Called from the grain's turns only.</summary>
internal interface IEntryHost
{
    IRateLimiterGrain Limiter(string integration);

    /// <summary>Ends the activation once nothing runs in it.</summary>
    void Leave();
}
