using System.Net;
using System.Net.Http.Json;

namespace OrleansCache.Silo.Tests;

/// <summary>The main path over real processes: an origin of 300 ms behind a silo.</summary>
[Collection(nameof(Alone))]
public sealed class FreshAndStaleTests
{
    private const string Path = "partner/order?id=7";
    private static readonly string Entry = SiloProcess.EntryPath(PartnerConfig.Orders, "id=7");

    [Fact]
    public async Task Past_fresh_the_old_value_comes_at_once_and_the_next_reader_has_the_new_one()
    {
        await using var origin = await PartnerProcess.StartAsync();
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: PartnerConfig.Order("Background", "00:00:01", "01:00:00"));

        using var cold = await silo.GetAsync(Path);
        using var hit = await silo.GetAsync(Path);
        using var changed = await origin.Http.PutAsJsonAsync("orders/7", new { status = "cancelled", user = "somebody-new" }, TestContext.Current.CancellationToken);
        var calls = await origin.CallsAsync("/orders/7");
        await StateAsync(silo, "stale");
        using var stale = await silo.GetAsync(Path);
        await Eventually.TrueAsync(async () => await origin.CallsAsync("/orders/7") == calls + 1 && await IsAsync(silo, "fresh"), cancellationToken: TestContext.Current.CancellationToken);
        using var fresh = await silo.GetAsync(Path);

        Assert.Equal("OrleansCache; fwd=miss; stored", cold.CacheStatus());
        Assert.StartsWith("OrleansCache; hit; ttl=0", hit.CacheStatus(), StringComparison.Ordinal);
        Assert.StartsWith("OrleansCache; hit; ttl=-", stale.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal(await cold.TextAsync(), await stale.TextAsync());
        Assert.Equal(cold.Header("ETag"), stale.Header("ETag"));
        Assert.Contains("somebody-new", await fresh.TextAsync(), StringComparison.Ordinal);
        Assert.NotEqual(cold.Header("ETag"), fresh.Header("ETag"));
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_refresh_that_finds_the_same_keeps_version_and_last_modified()
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 50);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: PartnerConfig.Order("Background", "00:00:01", "01:00:00"));
        using var cold = await silo.GetAsync(Path);
        await StateAsync(silo, "stale");

        using var stale = await silo.GetAsync(Path);
        await StateAsync(silo, "fresh");
        using var fresh = await silo.GetAsync(Path);
        using var matched = await silo.SendAsync(HttpMethod.Get, Path, null, ("If-None-Match", cold.Header("ETag")!));

        Assert.Equal((cold.Header("ETag"), cold.Header("Last-Modified")), (fresh.Header("ETag"), fresh.Header("Last-Modified")));
        Assert.Equal(HttpStatusCode.NotModified, matched.StatusCode);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(2600)]
    public async Task A_PUT_during_a_load_stands_after_it(int delayMs)
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs);
        await using var silo = await SiloProcess.StartAsync(origin.Port);
        var loading = silo.GetAsync(Path);
        await Eventually.TrueAsync(async () => await origin.CallsAsync("/orders/7") == 1, cancellationToken: TestContext.Current.CancellationToken);

        using var put = await silo.PutAsync(PartnerConfig.Orders, "id=7", "mine", ("Cache-Control", "max-age=600"));
        using var loaded = await loading;
        using var after = await silo.GetAsync(Path);

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(HttpStatusCode.OK, loaded.StatusCode);
        Assert.DoesNotContain("stored", loaded.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal(("mine", put.Header("ETag")), (await after.TextAsync(), after.Header("ETag")));
        Assert.Equal(1, await origin.CallsAsync("/orders/7"));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(2600)]
    public async Task A_DELETE_during_a_load_leaves_nothing(int delayMs)
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs);
        await using var silo = await SiloProcess.StartAsync(origin.Port);
        var loading = silo.GetAsync(Path);
        await Eventually.TrueAsync(async () => await origin.CallsAsync("/orders/7") == 1, cancellationToken: TestContext.Current.CancellationToken);

        using var delete = await silo.DeleteAsync(PartnerConfig.Orders, "id=7");
        using var loaded = await loading;
        using var after = await silo.GetAsync(Entry);

        Assert.Equal(HttpStatusCode.NoContent, delete.StatusCode);
        Assert.Equal(HttpStatusCode.OK, loaded.StatusCode);
        Assert.DoesNotContain("stored", loaded.CacheStatus(), StringComparison.Ordinal);
        await after.ProblemAsync(404, "absent");
        Assert.Equal(1, await origin.CallsAsync("/orders/7"));
    }

    [Fact]
    public async Task While_a_load_runs_stale_reads_do_not_wait_for_it()
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 2000);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: PartnerConfig.Order("Background", "00:00:01", "01:00:00"));
        using var seeded = await silo.PutAsync(PartnerConfig.Orders, "id=7", "old", ("Cache-Control", "max-age=1, stale-while-revalidate=3600"));
        await StateAsync(silo, "stale");
        var clock = TimeProvider.System;
        var took = new List<TimeSpan>();

        while (await origin.CallsAsync("/orders/7") == 0 || took.Count < 200)
        {
            var begun = clock.GetTimestamp();
            using var answer = await silo.GetAsync(Path);
            took.Add(clock.GetElapsedTime(begun));
            if (await answer.TextAsync() != "old")
                break;
        }

        var p99 = took.Order().ElementAt(took.Count * 99 / 100 - 1);
        Assert.True(p99 < TimeSpan.FromMilliseconds(500), $"p99 {p99.TotalMilliseconds:0.0} ms of {took.Count} stale reads");
        TestContext.Current.SendDiagnosticMessage($"stale reads while a load of 2 s runs: p99 {p99.TotalMilliseconds:0.00} ms of {took.Count}");
    }

    private static Task StateAsync(SiloProcess silo, string state) => Eventually.TrueAsync(() => IsAsync(silo, state), cancellationToken: TestContext.Current.CancellationToken);

    private static async Task<bool> IsAsync(SiloProcess silo, string state)
    {
        using var answer = await silo.GetAsync($"{Entry}/explain");
        return (string?)(await answer.JsonAsync())["state"] == state;
    }
}
