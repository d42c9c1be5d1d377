using System.Net;

namespace OrleansCache.Silo.Tests;

/// <summary>Redis goes away under a running silo, and comes back.</summary>
public sealed class RedisDownTests
{
    [Fact]
    public async Task Memory_answers_through_writes_are_refused_and_all_is_well_after()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        await using var redis = await RedisServer.StartAsync(new() { AppendOnly = true, AppendFsync = "always" }, TestContext.Current.CancellationToken);
        await using var origin = await PartnerProcess.StartAsync(delayMs: 20);
        await using var silo = await SiloProcess.StartAsync(origin.Port, redis: redis.EndPoint, config: PartnerConfig.Order("Background", "00:10:00", "01:00:00"), arguments: ["--OrleansCache:Integrations:unused:RateLimit:PerSecond=5"]);
        using var loaded = await silo.GetAsync("partner/order?id=7");
        using var put = await silo.PutAsync("r", "k", "old");
        await redis.KillAsync();

        await Eventually.TrueAsync(async () => await DegradedAsync(silo), cancellationToken: TestContext.Current.CancellationToken);
        var clock = TimeProvider.System;
        var value = await loaded.TextAsync();
        var slowest = TimeSpan.Zero;
        for (var down = clock.GetTimestamp(); clock.GetElapsedTime(down) < TimeSpan.FromSeconds(10);)
        {
            using var refused = await silo.PutAsync("r", "k", "new");
            await refused.ProblemAsync(503, "unavailable");
            using var dashboard = await silo.GetAsync("dashboard/data");
            Assert.Equal(HttpStatusCode.OK, dashboard.StatusCode);
            Assert.NotNull(refused.Header("Retry-After"));

            for (var reads = 0; reads < 100; reads++)
            {
                var begun = clock.GetTimestamp();
                using var fromMemory = await silo.GetAsync("partner/order?id=7");
                slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, clock.GetElapsedTime(begun).Ticks));
                Assert.Equal(value, await fromMemory.TextAsync());
                Assert.Contains("degraded", fromMemory.CacheStatus(), StringComparison.Ordinal);
            }
        }

        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("was not activated", silo.Process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Process.Output, StringComparison.Ordinal);
        using var ready = await silo.GetAsync("healthz/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);

        await redis.RestartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => !await DegradedAsync(silo), cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(
            async () =>
            {
                using var old = await silo.GetAsync(SiloProcess.EntryPath("r", "k"));
                return old.StatusCode == HttpStatusCode.OK && await old.TextAsync() == "old";
            },
            cancellationToken: TestContext.Current.CancellationToken);
        using var accepted = await silo.PutAsync("r", "k", "new");
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
    }

    [Fact]
    public async Task A_silo_whose_store_is_gone_ends_when_it_is_told_to()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        await using var redis = await RedisServer.StartAsync(new(), TestContext.Current.CancellationToken);
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint);
        await redis.KillAsync();

        silo.Process.Signal(ProcessSignal.Terminate);

        Assert.Equal(0, await silo.Process.WaitForExitAsync(TimeSpan.FromSeconds(40), TestContext.Current.CancellationToken));
    }

    private static async Task<bool> DegradedAsync(SiloProcess silo)
    {
        using var answer = await silo.GetAsync("healthz/ready");
        return (bool)(await answer.JsonAsync())["degraded"]!;
    }
}
