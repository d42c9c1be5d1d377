using System.Globalization;

namespace OrleansCache.Silo.Tests;

/// <summary>A limit that the origin sees kept through a crash. ./test --soak runs the full form.</summary>
[Collection(nameof(Alone))]
public sealed class LimiterTests
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task The_origin_never_sees_more_than_the_limit_and_misses_go_first()
    {
        var (perMinute, stale, cold) = Soak.IsOn ? (100, 300, 20) : (24, 80, 8);
        await using var origin = await PartnerProcess.StartAsync(delayMs: 30);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: PartnerConfig.Order(
            "Background", "00:30:00", "10:00:00", limit: $$"""{ "PerSecond": 5, "PerMinute": {{perMinute}}, "PerDay": 50000, "MaxWait": "00:00:10", "OnMiss": "Wait" }"""));
        for (var id = 1; id <= stale; id++)
            (await silo.PutAsync(PartnerConfig.Orders, $"id={id}", "old", ("Cache-Control", "max-age=1, stale-while-revalidate=36000"))).Dispose();
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await silo.GetAsync($"{SiloProcess.EntryPath(PartnerConfig.Orders, $"id={stale}")}/explain");
                return (string?)(await answer.JsonAsync())["state"] == "stale";
            },
            cancellationToken: TestContext.Current.CancellationToken);

        await ReadAllAsync(silo, 1, stale);
        var misses = await ReadAllAsync(silo, 901, cold);
        var before = (await origin.TimesAsync()).Length;
        await silo.KillAsync();
        var killedAt = TimeProvider.System.GetUtcNow();
        await silo.LaunchAsync();
        var clock = TimeProvider.System;
        var begun = clock.GetTimestamp();
        while (clock.GetElapsedTime(begun) < TimeSpan.FromSeconds(Soak.IsOn ? 200 : 12))
            await ReadAllAsync(silo, 1, stale);

        var times = await origin.TimesAsync();
        TestContext.Current.SendDiagnosticMessage(
            $"{before} calls before the kill, {times.Length - before} after; at most {Most(times, TimeSpan.FromSeconds(1))} in a second, {Most(times, TimeSpan.FromMinutes(1))} in a minute; {misses} of {cold} misses answered");
        Assert.True(Most(times, TimeSpan.FromSeconds(1)) <= 5, $"killed at {killedAt:ss.fff}; calls at {string.Join(' ', times.Select(time => time.ToString("ss.fff", CultureInfo.InvariantCulture)))}");
        Assert.InRange(Most(times, TimeSpan.FromMinutes(1)), 1, perMinute);
        Assert.Equal(cold, misses);
        Assert.True(times.Length > before, "after the crash nothing was refreshed any more");

        var calls = (await origin.AllCallsAsync()).AsObject();
        var lastMiss = calls.Where(path => Id(path.Key) >= 901).Max(path => DateTimeOffset.Parse((string)path.Value!["times"]![0]!, CultureInfo.InvariantCulture));
        var refreshesBefore = calls.Where(path => Id(path.Key) < 901).SelectMany(path => path.Value!["times"]!.AsArray()).Count(time => DateTimeOffset.Parse((string)time!, CultureInfo.InvariantCulture) < lastMiss);
        Assert.InRange(refreshesBefore, 1, cold + 5);
    }

    private static async Task<int> ReadAllAsync(SiloProcess silo, int first, int count)
    {
        var answers = await Task.WhenAll(Enumerable.Range(first, count).Select(id => silo.GetAsync($"partner/order?id={id}")));
        var good = answers.Count(answer => answer.IsSuccessStatusCode);
        foreach (var answer in answers)
            answer.Dispose();
        return good;
    }

    private static int Id(string path) => int.Parse(path.Split('/')[2], CultureInfo.InvariantCulture);

    /// <summary>The most calls in any sliding window, which is shorter by the tolerance.</summary>
    private static int Most(DateTimeOffset[] times, TimeSpan window)
    {
        var (most, first) = (0, 0);
        for (var last = 0; last < times.Length; last++)
        {
            while (times[last] - times[first] >= window - Tolerance)
                first++;
            most = Math.Max(most, last - first + 1);
        }

        return most;
    }
}
