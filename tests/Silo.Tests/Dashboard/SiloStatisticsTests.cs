using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Silo.Tests;

public sealed class SiloStatisticsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTimeProvider _clock = new();

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    [Fact]
    public void Calls_saved_are_reads_that_had_a_value_without_a_call_of_their_own()
    {
        using var statistics = new SiloStatistics(Meters, _clock);
        var reads = Meters.Create("OrleansCache.Entries").CreateCounter<long>("orleanscache.entry.reads");
        var calls = Meters.Create("OrleansCache.Integrations").CreateCounter<long>("orleanscache.origin.calls");

        reads.Add(9, new("cache.outcome", "hit"), new("cache.integration", "partner"));
        reads.Add(2, new("cache.outcome", "stale"), new("cache.integration", "partner"));
        reads.Add(3, new("cache.outcome", "joined"), new("cache.integration", "partner"));
        reads.Add(1, new("cache.outcome", "loaded"), new("cache.integration", "partner"));
        reads.Add(6, new("cache.outcome", "failed"), new("cache.integration", "partner"));
        reads.Add(5, new KeyValuePair<string, object?>("cache.outcome", "hit"));
        calls.Add(2, new("origin.outcome", "failed"), new("cache.integration", "partner"));
        calls.Add(1, new("origin.outcome", "ok"), new("cache.integration", "partner"));
        calls.Add(4, new("origin.outcome", "breaker_open"), new("cache.integration", "partner"));

        Assert.Equal((26, 14, 14, 3), (statistics.All.Reads, statistics.All.Fresh, statistics.All.Saved, statistics.All.OriginCalls));
        var partner = statistics.Of("partner");
        Assert.Equal((21, 14, 3, 2), (partner.Reads, partner.Saved, partner.OriginCalls, partner.FailedCalls));
    }

    [Fact]
    public void Refused_permits_latency_and_memory_are_taken_from_their_instruments()
    {
        using var statistics = new SiloStatistics(Meters, _clock);
        var permits = Meters.Create("OrleansCache.RateLimiter").CreateCounter<long>("orleanscache.limiter.permits");
        var latency = Meters.Create("OrleansCache.Client").CreateHistogram<double>("orleanscache.read.duration");
        Meters.Create("OrleansCache.Entries").CreateObservableUpDownCounter("orleanscache.entry.count", () => 7L);

        permits.Add(3, new("limiter.outcome", "refused"), new("cache.integration", "partner"));
        permits.Add(2, new("limiter.outcome", "granted"), new("cache.integration", "partner"));
        latency.Record(0.25);

        Assert.Equal(3, statistics.Of("partner").Refused);
        Assert.InRange(statistics.Latency.Quantile(0.99)!.Value, 0.25, 0.2825);
        Assert.Equal((7, 0), statistics.Memory());
    }

    [Fact]
    public void Another_host_of_this_process_is_not_counted()
    {
        using var statistics = new SiloStatistics(Meters, _clock);
        using var others = new ServiceCollection().AddMetrics().BuildServiceProvider();

        others.GetRequiredService<IMeterFactory>().Create("OrleansCache.Entries").CreateCounter<long>("orleanscache.entry.reads").Add(1);

        Assert.Equal(0, statistics.All.Reads);
    }

    public void Dispose() => _services.Dispose();
}
