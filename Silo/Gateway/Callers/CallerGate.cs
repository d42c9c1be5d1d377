namespace OrleansCache;

/// <summary>Asks callers who they are where an integration's configuration says so: for its calls, its writes, and its entries.</summary>
internal sealed class CallerGate(IExchangePolicies policies, TokenExchange exchange)
{
    /// <param name="context">The call.</param>
    /// <param name="integration">What is called.</param>
    public ValueTask<CallerPass> PassAsync(HttpContext context, string integration) =>
        policies.Of(integration) is { } policy ? exchange.PassAsync(context, integration, policy) : default;

    /// <param name="context">The call.</param>
    /// <param name="region">Whose entries are read or changed.</param>
    public ValueTask<CallerPass> PassRegionAsync(HttpContext context, string region) =>
        policies.IntegrationOf(region) is { } integration ? PassAsync(context, integration) : default;

    /// <summary>Runs what is asked for, if the caller may.</summary>
    public ValueTask GuardAsync(HttpContext context, string region, Func<CallerPass, ValueTask> go)
    {
        var pending = PassRegionAsync(context, region);
        return pending is { IsCompletedSuccessfully: true, Result: { Refusal: null } pass } ? go(pass) : Wait();

        async ValueTask Wait()
        {
            var pass = await pending;
            if (pass.Refusal is { } refusal)
                await refusal.WriteAsync(context);
            else
                await go(pass);
        }
    }

    /// <summary>The origin's 401 to a token: it ended before its time.</summary>
    public void Heard(HttpContext context, string integration, LoadProblem? problem)
    {
        if (problem is { Kind: ProblemKind.OriginRefused, StatusCode: StatusCodes.Status401Unauthorized } && policies.Of(integration) is { } policy)
            exchange.Forget(context, policy);
    }
}

/// <summary>Which integrations ask callers who they are, as configured now.</summary>
internal interface IExchangePolicies
{
    /// <summary>Null for one that does not, or for none.</summary>
    ExchangePolicy? Of(string integration);

    /// <summary>The integration whose entries live in the region; null for none.</summary>
    string? IntegrationOf(string region);
}

internal sealed class ExchangePolicies(LiveConfiguration configuration, IRegionPolicies regions) : IExchangePolicies
{
    public ExchangePolicy? Of(string integration) => configuration.Current.Integrations.GetValueOrDefault(integration)?.Exchange;

    public string? IntegrationOf(string region) => regions.For(region).Integration;
}
