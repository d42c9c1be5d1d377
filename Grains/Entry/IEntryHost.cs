namespace OrleansCache;

/// <summary>What an entry needs of the grain around it. Called from the grain's turns only.</summary>
internal interface IEntryHost
{
    IRateLimiterGrain Limiter(string integration);

    /// <summary>Keeps the activation for at least so long from now, though nobody calls; zero leaves it to the collection age.</summary>
    void Stay(TimeSpan time);

    /// <summary>Ends the activation once nothing runs in it.</summary>
    void Leave();
}
