using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansCache;

/// <summary>Calls an address of this very process as an integration is called, so that a silo's first load finds compiled code.</summary>
internal static class OriginWarmUp
{
    /// <summary>Configuration cannot give it.</summary>
    public const string Name = "~warm-up";
    public const string Method = "value";
    private static readonly FrozenDictionary<string, string?> NoArguments = FrozenDictionary<string, string?>.Empty;

    /// <param name="parts">What all integrations share; nothing is counted or logged there.</param>
    /// <param name="self">Where this process listens.</param>
    /// <param name="path">What it answers at once.</param>
    /// <param name="calls">How many, one after the other.</param>
    /// <param name="cancellationToken">Ends them.</param>
    public static async Task RunAsync(IntegrationParts parts, Uri self, string path, int calls, CancellationToken cancellationToken)
    {
        using var nobody = new Uncounted();
        var http = new HttpSettings { BaseAddress = self, PooledConnectionLifetime = Timeout.InfiniteTimeSpan, Headers = ImmutableSortedDictionary<string, string>.Empty };
        using var client = HttpIntegration.MakeClient(http);
        var resilience = new ResilienceSettings();
        var method = new IntegrationMethod { Name = Method, Region = Name, Parameters = [], Resilience = resilience, Path = CallTemplate.ParsePath(path, out _) };
        var integration = new Integration
        {
            Name = Name,
            Service = Name,
            ServiceVersion = "1",
            Resilience = resilience,
            Methods = new Dictionary<string, IntegrationMethod>(StringComparer.Ordinal) { [Method] = method }.ToFrozenDictionary(StringComparer.Ordinal),
            Http = http,
        };
        var runtime = IntegrationRuntime.Make(
            integration, new HttpIntegration(integration, client, parts.Clock), before: null, parts with { Metrics = new(nobody), Logger = NullLogger<OriginCaller>.Instance });
        for (var call = 0; call < calls; call++)
            await runtime.Pipelines[Method].RunAsync(new(NoArguments, background: false, eTag: null, lastModified: null), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Instruments that nobody listens to by their meter's name.</summary>
    private sealed class Uncounted : IMeterFactory
    {
        private readonly Meter _meter = new("OrleansCache.WarmUp");

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose() => _meter.Dispose();
    }
}
