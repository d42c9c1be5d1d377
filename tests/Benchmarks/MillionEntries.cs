using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;
using OrleansCacheBenchmarks;

namespace OrleansCache;

/// <summary>A million active entries: bytes each, activations a second, and whether reads slow down.</summary>
internal static class MillionEntries
{
    private const int Few = 1_000, Many = 1_000_000;

    public static async Task RunAsync()
    {
        await ReadFromAnotherProcessAsync();
        var plainEach = await PlainAsync();
        using var host = BenchSilo.Build(FreePort.Next(2), redis: null, "None");
        await host.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var keys = Payload.Keys(Many);

        await FillAsync(grains, keys[..Few]);
        var few = await ReadAsync(grains, keys[..Few]);

        var before = Heap();
        var start = TimeProvider.System.GetTimestamp();
        await FillAsync(grains, keys[Few..]);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var each = (Heap() - before) / (double)(Many - Few);
        var many = await ReadAsync(grains, keys);

        Report.Print($"{Many:N0} active entries of 100 B", [few, many],
            ("bytes an entry beyond its key and value", () => each - Payload.Size - 24, "at most 1,229", v => v <= 1229),
            ("bytes an entry beyond a plain grain with the same value", () => each - plainEach, "orleans: at most 1,229", v => v <= 1229),
            ("activations a second, with a write each", () => (Many - Few) / seconds, "at least 50,000", v => v >= 50_000),
            ("read p99 inside the silo, 1,000,000 to 1,000 entries", () => many.P99 / few.P99, "at most 1.5", v => v <= 1.5));
        await host.StopAsync();
    }

    /// <summary>Bytes that a plain grain takes in a silo of its own, where the engine's tables are as full as with entries.</summary>
    private static async Task<double> PlainAsync()
    {
        using var host = BenchSilo.Build(FreePort.Next(2), redis: null, "None");
        await host.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var before = 0L;
        for (var i = -Few; i < Many - Few; i++)
        {
            if (i == 0)
                before = Heap();
            await grains.GetGrain<IPlainGrain>($"{Payload.Region}:plain-{i + Few:D8}").GetAsync();
        }

        var each = (Heap() - before) / (double)(Many - Few);
        await host.StopAsync();
        return each;
    }

    /// <summary>What a client sees: two silos, one with few entries and one with many, read in turns.</summary>
    private static async Task ReadFromAnotherProcessAsync()
    {
        await using var small = await SiloProcess.StartAsync(redis: null, "None");
        await using var large = await SiloProcess.StartAsync(redis: null, "None");
        var keys = Payload.Keys(Many);
        await Parallel.ForEachAsync(keys[..Few], async (key, ct) => await small.Cache.SetAsync(key, Payload.Value, ct: ct));
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (key, ct) => await large.Cache.SetAsync(key, Payload.Value, ct: ct));

        var random = new Random(1);
        var order = Enumerable.Range(0, 1 << 16).Select(_ => random.Next(Many)).ToArray();
        var rows = await Rounds.RunAsync(
        [
            new($"{Few:N0} entries", async i => await small.Cache.GetAsync<byte[]>(keys[order[i & 0xffff] % Few])),
            new($"{Many:N0} entries", async i => await large.Cache.GetAsync<byte[]>(keys[order[i & 0xffff]])),
        ], outstanding: 1, callsPerRound: 20_000, rounds: 7);
        Report.Print("Reads of 100 B from another process, 1 outstanding", rows,
            ("read p99 from a client, 1,000,000 to 1,000 entries", () => rows[1].P99 / rows[0].P99, "at most 1.5", v => v <= 1.5));
    }

    private static async Task FillAsync(IGrainFactory grains, CacheKey[] keys)
    {
        foreach (var key in keys)
            await grains.GetGrain<IEntryGrain>(key.GrainKey).WriteAsync(new() { OperationId = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), Bytes = [.. Payload.Value] });
    }

    private static async Task<Measured> ReadAsync(IGrainFactory grains, CacheKey[] keys)
    {
        var entries = keys.Select(key => grains.GetGrain<IEntryGrain>(key.GrainKey)).ToArray();
        var random = new Random(1);
        var order = Enumerable.Range(0, 1 << 16).Select(_ => random.Next(keys.Length)).ToArray();
        var rows = await Rounds.RunAsync([new($"{keys.Length:N0} entries", async i => await entries[order[i & 0xffff]].ReadAsync(default))], 1, 200_000, 5);
        return rows[0];
    }

    private static long Heap()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
