using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>Writes of 100 B that are in Redis before they are acknowledged, beside a raw SET in the same run.</summary>
internal static class DurableWrites
{
    public static async Task RunAsync()
    {
        await using var server = await RedisServer.StartAsync();
        var address = $"127.0.0.1:{server.Port}";
        await using var redis = await RedisPeer.ConnectAsync(server);
        using var host = BenchSilo.Build(FreePort.Next(2), address, "Through");
        await host.StartAsync();
        var inside = host.Services.GetRequiredService<IOrleansCache>();
        await using var silo = await SiloProcess.StartAsync(address, "Through");
        var keys = Payload.Keys(1 << 10);
        foreach (var key in keys)
        {
            await inside.SetAsync(key, Payload.Value);
            await silo.Cache.SetAsync(key, Payload.Value);
        }

        var rows = await Rounds.RunAsync(
        [
            redis!.Set,
            new("write through, inside the silo", async i => await inside.SetAsync(keys[i & 0x3ff], Payload.Value)),
            new("write through, from a client", async i => await silo.Cache.SetAsync(keys[i & 0x3ff], Payload.Value)),
        ], outstanding: 1, callsPerRound: 10_000, rounds: 7);
        Report.Print("Durable writes of 100 B, 1 outstanding", rows,
            ("inside the silo to raw SET, p50", () => rows[1].P50 / rows[0].P50, "at most 1.5", v => v <= 1.5),
            ("from a client to raw SET, p50", () => rows[2].P50 / rows[0].P50, "at most 2.8", v => v <= 2.8));
        await host.StopAsync();
    }
}
