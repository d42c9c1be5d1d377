using System.Net;

namespace OrleansCache.Silo.Tests;

/// <summary>An origin that fails, hangs or is gone.</summary>
public sealed class OriginDownTests
{
    private const string Path = "partner/order?id=7";
    private static readonly string Entry = SiloProcess.EntryPath(PartnerConfig.Orders, "id=7");

    private static readonly string Config = PartnerConfig.Order(
        "Background", "00:00:01", "00:00:06",
        more: """
            "Retry": { "MaxRetryAttempts": 1, "Delay": "00:00:00.05" },
            "CircuitBreaker": { "FailureRatio": 0.5, "MinimumThroughput": 4, "SamplingDuration": "00:00:10", "BreakDuration": "00:00:01" },
            "AttemptTimeout": "00:00:01", "Timeout": "00:00:03",
            """);

    [Fact]
    public async Task Stale_with_the_reason_then_502_and_it_recovers_by_itself()
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 20);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: Config);
        using var cold = await silo.GetAsync(Path);
        await origin.FailAsync("503");

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await silo.GetAsync(Path);
                return answer.StatusCode == HttpStatusCode.OK && answer.CacheStatus()!.Contains("; detail=origin-503", StringComparison.Ordinal);
            },
            cancellationToken: TestContext.Current.CancellationToken);
        using var explained = await silo.GetAsync($"{Entry}/explain");
        Assert.Contains("503", (string?)(await explained.JsonAsync())["lastError"], StringComparison.Ordinal);

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await silo.GetAsync(Path);
                return answer.StatusCode == HttpStatusCode.BadGateway;
            },
            cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await silo.GetAsync(Path);
                using var again = await silo.GetAsync($"{Entry}/explain");
                return answer.CacheStatus()!.Contains("breaker-open", StringComparison.Ordinal) && ((string?)(await again.JsonAsync())["breaker"])!.StartsWith("open", StringComparison.Ordinal);
            },
            cancellationToken: TestContext.Current.CancellationToken);

        await origin.HealAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await silo.GetAsync(Path);
                return answer.StatusCode == HttpStatusCode.OK && await answer.TextAsync() == await cold.TextAsync();
            },
            cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Without_a_stale_value_a_hanging_origin_is_504_and_a_missing_one_502()
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 20);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: Config);
        await origin.FailAsync("hang");

        using var hanging = await silo.GetAsync("partner/order?id=1");
        await origin.KillAsync();
        using var missing = await silo.GetAsync("partner/order?id=2");

        await hanging.ProblemAsync(504, "origin-timeout");
        Assert.Equal("OrleansCache; fwd=miss; detail=timeout", hanging.CacheStatus());
        Assert.Equal(HttpStatusCode.BadGateway, missing.StatusCode);
    }

    [Fact]
    public async Task Each_try_is_counted_and_spaced()
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 20);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: PartnerConfig.Order(
            "Ttl", "00:00:10", "00:00:00", more: """ "Retry": { "MaxRetryAttempts": 3, "BackoffType": "Constant", "Delay": "00:00:00.2", "UseJitter": false }, """));
        await origin.FailAsync("503");

        using var answer = await silo.GetAsync("partner/order?id=1");
        var times = await origin.TimesAsync();

        await answer.ProblemAsync(502, "origin-failed");
        Assert.Equal(4, times.Length);
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First > TimeSpan.FromMilliseconds(190), $"{pair.Second - pair.First}"));
    }
}
