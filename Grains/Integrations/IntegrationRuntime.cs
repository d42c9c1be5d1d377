using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>What runs one integration as configured now. After a reload a new one takes over the parts whose settings are the same.</summary>
internal sealed class IntegrationRuntime
{
    private readonly FrozenDictionary<string, OriginBreaker> _own;
    private readonly OriginBreaker _shared;

    private IntegrationRuntime(Integration integration, IIntegration caller, IntegrationHealth health, IntegrationRuntime? before, IntegrationParts parts)
    {
        (Integration, Caller, Health) = (integration, caller, health);
        _shared = Breaker(integration.Name, integration.Resilience.CircuitBreaker, before?._shared);
        _own = integration.Methods.Values.Where(method => method.HasOwnBreaker).ToFrozenDictionary(
            method => method.Name,
            method => Breaker($"{integration.Name}/{method.Name}", method.Resilience.CircuitBreaker, before?._own.GetValueOrDefault(method.Name)));
        Pipelines = integration.Methods.Values.ToFrozenDictionary(
            method => method.Name, method => new MethodPipeline(this, method, _own.GetValueOrDefault(method.Name, _shared), parts));

        OriginBreaker Breaker(string name, CircuitBreakerSettings settings, OriginBreaker? kept) =>
            kept?.Settings == settings ? kept : new(name, settings, parts.Clock, parts.Logger);
    }

    public Integration Integration { get; }
    public IIntegration Caller { get; }
    public IntegrationHealth Health { get; }
    public FrozenDictionary<string, MethodPipeline> Pipelines { get; }

    /// <summary>Null without a breaker; methods with one of their own are named.</summary>
    public string? DescribeBreaker()
    {
        var all = _own.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value.Describe() is { } state ? $"{pair.Key}: {state}" : null)
            .Prepend(_shared.Describe()).Where(state => state is not null).ToArray();
        return all.Length == 0 ? null : string.Join("; ", all);
    }

    /// <param name="integration">As configured now.</param>
    /// <param name="inCode">The program's own; null for HTTP.</param>
    /// <param name="before">What ran it until now; null at first.</param>
    /// <param name="parts">What all integrations share.</param>
    public static IntegrationRuntime Make(Integration integration, IIntegration? inCode, IntegrationRuntime? before, IntegrationParts parts)
    {
        // A client that is replaced is left to calls that still run on it; its idle connections end by themselves.
        var caller = inCode ?? integration switch
        {
            { Http: null } => new NoCaller(),
            { Http: { } http } when before is { Caller: HttpIntegration kept } && http.Equals(before.Integration.Http) => new HttpIntegration(integration, kept.Client, parts.Clock),
            { Http: { } http } => new HttpIntegration(integration, HttpIntegration.MakeClient(http), parts.Clock),
        };
        return new(integration, caller, before?.Health ?? new(integration.Name, parts.Clock), before, parts);
    }

    /// <summary>For a limiter alone, which has no methods.</summary>
    private sealed class NoCaller : IIntegration
    {
        public ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"The integration '{request.Integration}' has no BaseAddress.");
    }
}

/// <summary>What all integrations share.</summary>
internal sealed record IntegrationParts(PermitClient Permits, TimeProvider Clock, IntegrationMetrics Metrics, ILogger<OriginCaller> Logger);
