using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>Three silos without Redis: memory serves what it may, nobody takes over, and nothing has to be started again.</summary>
public sealed class RedisAwayTests
{
    private const int Keys = 300;
    private const string Eventual = "eventual", Refusing = "refusing", Stale = "stale";
    private static readonly string[] Regions =
    [
        $"--OrleansCache:Regions:{Eventual}:Coherence=Eventual", $"--OrleansCache:Regions:{Refusing}:WhenUnproven=Refuse", $"--OrleansCache:Regions:{Stale}:WhenUnproven=Stale",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task While_Redis_is_away_memory_answers_as_fast_as_before_and_nobody_takes_over() => AwayAsync("killed", TimeSpan.FromSeconds(6), noiseMs: 250);

    [Theory]
    [InlineData("killed")]
    [InlineData("silent")]
    public Task A_minute_without_Redis_changes_nothing_for_what_memory_may_answer(string how)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        return AwayAsync(how, TimeSpan.FromMinutes(1), noiseMs: 10);
    }

    private static async Task<HttpStatusCode> RaiseAsync(SiloNode silo)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync($"http://127.0.0.1:{silo.Port}/api/v1/tags/any/invalidate", null, Ct);
        return answer.StatusCode;
    }

    /// <param name="how">Redis goes.</param>
    /// <param name="length">For so long.</param>
    /// <param name="noiseMs">What other tests on the same cores may add to a p99 of few calls.</param>
    private static async Task AwayAsync(string how, TimeSpan length, int noiseMs)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 3, Regions);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IRawCache>();
        foreach (var region in (string[])[Eventual, Refusing, Stale])
        {
            for (var i = 0; i < Keys; i++)
                await cache.SetAsync(Key(region, i), new(Text(i)), ct: Ct);
        }
        var view = (await cache.GetAsync(Key(Eventual, 0), Ct)).View;
        var before = await Latencies.OfAsync(n => SeenAsync(cache, Eventual, n), TimeSpan.FromSeconds(2));

        if (how == "killed")
            await cluster.Redis.KillAsync();
        else
            await cluster.Redis.PauseAsync();
        var reading = Latencies.OfAsync(n => SeenAsync(cache, Eventual, n), length);
        await Task.Delay(Runs.Fence + Runs.AWhile, TimeProvider.System, Ct);
        var raise = Assert.ThrowsAsync<CacheUnavailableException>(() => cache.RemoveByTagAsync(["any"], Ct).AsTask());
        var raiseOverHttp = RaiseAsync(cluster.Silos[0]);

        for (var i = 0; i < 30; i++)
        {
            Assert.True((await cache.GetAsync(Key(Stale, i), Ct)).Degraded);
            await SeenAsync(cache, Stale, i);
        }
        Assert.True((await cache.GetAsync(Key(Eventual, 1), Ct)).Degraded);
        var asked = TimeProvider.System.GetTimestamp();
        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(async () => await RefusesAsync(cache));
        var told = TimeProvider.System.GetElapsedTime(asked);
        await RefusedAsync(() => cache.SetAsync(Key(Refusing, 1), new(Text(-1)), ct: Ct).AsTask());
        await RefusedAsync(() => cache.RemoveAsync(Key(Stale, 1), ct: Ct).AsTask());
        await raise;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await raiseOverHttp);
        var during = await reading;

        if (how == "killed")
            await cluster.Redis.RestartAsync(Ct);
        else
            await cluster.Redis.ResumeAsync();
        var back = TimeProvider.System.GetTimestamp();
        await cluster.WellAsync();
        var recovery = TimeProvider.System.GetElapsedTime(back);

        TestContext.Current.TestOutputHelper!.WriteLine($"before: {before}\nwithout Redis: {during}\nall well {recovery.TotalSeconds:0.0} s after it was back; the first strict read was told after {told.TotalSeconds:0.0} s: {refused.Message}");
        Assert.True(how != "killed" || told < TakeOver.Longest / 2, $"the first strict read was told after {told.TotalSeconds:0.0} s that no silo can prove its right");
        foreach (var region in (string[])[Eventual, Refusing, Stale])
        {
            for (var i = 0; i < Keys; i++)
                await SeenAsync(cache, region, i);
        }
        await cache.SetAsync(Key(Refusing, 1), new(Text(1)), ct: Ct);
        var known = (await cache.GetAsync(Key(Eventual, 0), Ct)).View;
        Assert.True(how == "killed" || known == view, $"view {view} became {known}");
        foreach (var silo in cluster.Silos)
        {
            Assert.False(silo.Process.HasExited);
            Assert.DoesNotContain("take its keys over", silo.Process.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("gives up all keys", silo.Process.Output, StringComparison.Ordinal);
        }
        Assert.True(during.P50 < (before.P50 * 3) + (noiseMs / 10) && during.P99 < (before.P99 * 3) + noiseMs, $"before: {before}; without Redis: {during}");
        await client.StopAsync(Ct);
    }

    private static async Task SeenAsync(IRawCache cache, string region, int number)
    {
        var reply = await cache.GetAsync(Key(region, number % Keys), Ct);
        Assert.Equal(Text(number % Keys), reply.Value?.Bytes);
    }

    private static async Task RefusesAsync(IRawCache cache)
    {
        var reply = await cache.GetAsync(Key(Refusing, 1), Ct);
        if (reply.Problem is { } problem)
            throw new CacheUnavailableException($"{problem.Kind} {problem.Detail}");
    }

    private static async Task RefusedAsync(Func<Task> change)
    {
        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(change);
        Assert.True(refused.RetryAfter is not null, refused.Message);
    }

    private static CacheKey Key(string region, int number) => CacheKey.Of(region, $"key-{number}");

    private static byte[] Text(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
