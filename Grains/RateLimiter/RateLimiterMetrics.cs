using System.Diagnostics.Metrics;

namespace OrleansCache;

internal sealed class RateLimiterMetrics(IMeterFactory meters)
{
    public const string MeterName = "OrleansCache.RateLimiter";

    private readonly Counter<long> _permits = meters.Create(MeterName)
        .CreateCounter<long>("orleanscache.limiter.permits", "{permit}", "Permits asked for, by outcome and class. One that waits counts when it ends.");

    public void Asked(string integration, bool granted, bool background) => _permits.Add(
        1,
        new("cache.integration", integration),
        new("limiter.outcome", granted ? "granted" : "refused"),
        new("limiter.class", background ? "background" : "foreground"));
}
