using System.Diagnostics.Metrics;

namespace OrleansCache;

internal sealed class IntegrationMetrics
{
    public const string MeterName = "OrleansCache.Integrations";

    private readonly Counter<long> _calls;
    private readonly Histogram<double> _duration;

    public IntegrationMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _calls = meter.CreateCounter<long>("orleanscache.origin.calls", "{call}", "Attempts to call an origin, by outcome; those that an open breaker stopped included.");
        _duration = meter.CreateHistogram<double>("orleanscache.origin.duration", "s", "What an attempt took that left for the origin.");
    }

    public void Called(string integration, string outcome, TimeSpan duration)
    {
        if (integration == WarmUpIntegration.Name)
            return;
        _calls.Add(1, new("cache.integration", integration), new("origin.outcome", outcome));
        _duration.Record(duration.TotalSeconds, new("cache.integration", integration), new("origin.outcome", outcome));
    }

    public void Stopped(string integration) => _calls.Add(1, new("cache.integration", integration), new("origin.outcome", "breaker_open"));
}
