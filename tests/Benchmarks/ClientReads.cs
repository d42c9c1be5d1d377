using OrleansCache.TestSupport;
using OrleansCacheBenchmarks;

namespace OrleansCache;

/// <summary>Reads of 100 B from another process, beside a raw GET of Redis in the same run.</summary>
internal static class ClientReads
{
    public static async Task RunAsync()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisPeer.ConnectAsync(server);
        await using var silo = await SiloProcess.StartAsync(redis: null, "None");
        var keys = Payload.Keys(1 << 10);
        foreach (var key in keys)
            await silo.Cache.SetAsync(key, Payload.Value);

        Contender[] contenders =
        [
            redis!.Get,
            new("plain grain", async i => await silo.Grains.GetGrain<IPlainGrain>(keys[i & 0x3ff].GrainKey).GetAsync()),
            new("entry grain, read", async i => await silo.Grains.GetGrain<IEntryGrain>(keys[i & 0x3ff].GrainKey).ReadAsync(default)),
            new("IOrleansCache.GetAsync", async i => await silo.Cache.GetAsync<byte[]>(keys[i & 0x3ff])),
        ];
        var one = await Rounds.RunAsync(contenders, outstanding: 1, callsPerRound: 20_000, rounds: 7);
        Report.Print("Client to silo, reads of 100 B, 1 outstanding", one,
            ("IOrleansCache.GetAsync to raw GET, p50", () => one[3].P50 / one[0].P50, "at most 1.4", v => v <= 1.4),
            ("entry to plain grain, p50", () => one[2].P50 / one[1].P50, "orleans: at most 1.3", v => v <= 1.3));
        var many = await Rounds.RunAsync(contenders, outstanding: 64, callsPerRound: 200_000, rounds: 7);
        Report.Print("Client to silo, reads of 100 B, 64 outstanding", many,
            ("IOrleansCache.GetAsync to raw GET, rate", () => many[3].PerSecond / many[0].PerSecond, "at least 0.6", v => v >= 0.6),
            ("entry to plain grain, rate", () => many[2].PerSecond / many[1].PerSecond, "orleans: at least 0.75", v => v >= 0.75));
    }
}
