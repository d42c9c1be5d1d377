using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;
using OrleansCacheBenchmarks;

namespace OrleansCache;

/// <summary>Calls inside the silo: a plain grain, an entry's read, and the SDK's hit.</summary>
internal static class LocalCalls
{
    public static async Task RunAsync()
    {
        using var host = BenchSilo.Build(FreePort.Next(2), redis: null, "None");
        await host.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var cache = host.Services.GetRequiredService<IOrleansCache>();
        var key = Payload.Key(1);
        await cache.SetAsync(key, Payload.Value);
        var plain = grains.GetGrain<IPlainGrain>("1");
        var entry = grains.GetGrain<IEntryGrain>(key.GrainKey);

        var rows = await Rounds.RunAsync(
        [
            new("plain grain", async _ => await plain.GetAsync()),
            new("entry grain, read", async _ => await entry.ReadAsync(default)),
            new("IOrleansCache.GetAsync", async _ => await cache.GetAsync<byte[]>(key)),
        ], outstanding: 1, callsPerRound: 200_000, rounds: 7);
        Report.Print("Calls inside the silo, 100 B, 1 outstanding", rows,
            ("local grain call, p50 µs", () => rows[1].P50, "at most 2", v => v <= 2),
            ("entry to plain grain, p50", () => rows[1].P50 / rows[0].P50, "orleans: at most 1.3", v => v <= 1.3),
            ("entry to plain grain, rate", () => rows[1].PerSecond / rows[0].PerSecond, "orleans: at least 0.75", v => v >= 0.75));
        await host.StopAsync();
    }
}
