namespace OrleansCache;

/// <summary>The first attempt's permit of a load without a lease; a lease brings one along.</summary>
internal sealed class FirstPermits(OwnerCalls calls, CallPlanParts parts)
{
    /// <summary>Waits for a permit, or does without, as the limiter is configured.</summary>
    /// <param name="limiter">Null takes none.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>What later attempts go by, and why there is no first one; null where it may be made.</returns>
    /// <exception cref="CacheUnavailableException">No silo answered for the limiter.</exception>
    public async ValueTask<(LoadTicket? Terms, LoadProblem? Refusal)> TakeAsync(string? limiter, CancellationToken ct)
    {
        if (limiter is null)
            return default;
        var terms = (await TermsAsync(limiter, ct).ConfigureAwait(false))!;
        var permit = await parts.Permits.AcquireAsync(limiter, background: false, TimeSpan.FromMilliseconds(terms.PermitWaitMilliseconds), ct).ConfigureAwait(false);
        return (terms, permit.Kind is PermitKind.Refused && !terms.MayBypass ? CallRun.Refused(limiter, attempt: 1, permit) : null);
    }

    /// <summary>What attempts go by, for who takes the first permit too; null without a limiter.</summary>
    /// <exception cref="CacheUnavailableException">No silo answered for the limiter.</exception>
    public async ValueTask<LoadTicket?> TermsAsync(string? limiter, CancellationToken ct)
    {
        if (limiter is null)
            return null;
        var limits = await calls.CallAsync<IRateLimiterGrain, RateLimiterDescription>(limiter, static grain => grain.DescribeAsync(CancellationToken.None), ct: ct).ConfigureAwait(false);
        return new()
        {
            PermitWaitMilliseconds = limits.OnMiss is OnMiss.Wait ? limits.MaxWaitMilliseconds : 0,
            MayBypass = limits.OnMiss is OnMiss.Bypass,
        };
    }
}
