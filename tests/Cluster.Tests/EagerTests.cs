using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>Keys of an eager method are loaded again with nobody asking, in silos of their own.</summary>
public sealed class EagerTests
{
    private static readonly string[] Eager =
    [
        "--OrleansCache:Integrations:origin:Methods:now:Get=items/{id}", "--OrleansCache:Integrations:origin:Methods:now:Strategy=Eager",
        "--OrleansCache:Integrations:origin:Methods:now:FreshFor=00:00:01",
        "--OrleansCache:Integrations:origin:Methods:now:UnreadPeriods=1000",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task One_load_a_period_in_the_cluster_and_no_reader_waits(int silos)
    {
        const int Keys = 8;
        await using var origin = CountingOrigin.Start();
        await using var cluster = await ClusterProcess.StartAsync(silos, [.. origin.Settings, .. Eager]);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IRawCache>();
        var begin = TimeProvider.System.GetTimestamp();
        for (var id = 0; id < Keys; id++)
            await ReadAsync(cache, id);

        await Eventually.TrueAsync(() => origin.Asked.GroupBy(static id => id).All(static item => item.Count() >= 5), cancellationToken: Ct);
        for (var id = 0; id < Keys; id++)
            Assert.NotEqual(ReadStatus.Loaded, await ReadAsync(cache, id));
        var periods = TimeProvider.System.GetElapsedTime(begin).TotalSeconds;

        Assert.All(origin.Asked.GroupBy(static id => id), item => Assert.InRange(item.Count(), 5, periods + 2));
        await client.StopAsync(Ct);
    }

    [Fact]
    public async Task Under_a_limit_the_longest_overdue_goes_first_and_a_restart_goes_on_unasked()
    {
        const int Limit = 200;
        var keys = Soak.IsOn ? 10_000 : 400;
        await using var origin = CountingOrigin.Start();
        await using var cluster = await ClusterProcess.StartAsync(1, [.. origin.Settings, .. Eager, $"--OrleansCache:Integrations:origin:RateLimit:PerSecond={Limit}"]);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IRawCache>();
        await Parallel.ForEachAsync(Enumerable.Range(0, keys), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Ct }, async (id, _) =>
            await Eventually.TrueAsync(async () => await ReadAsync(cache, id) != ReadStatus.Failed, cancellationToken: Ct));      // limited, where the machine is slow

        await Eventually.TrueAsync(() => origin.Calls >= 3 * keys, TimeSpan.FromSeconds(10 + (4 * keys / Limit)), Ct, "every key was loaded again");
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Select(id => ReadAsync(cache, id))), outcome => Assert.NotEqual(ReadStatus.Loaded, outcome));
        var last = origin.Asked.Skip(2 * keys).Take(keys / 2).ToArray();
        Assert.True(last.Distinct().Count() > last.Length * 95 / 100, "a key had its turn again before others had theirs");

        await cluster.Silos[0].KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Ct);
        var before = origin.Calls;
        await cluster.Silos[0].StartAsync(Ct);
        var ready = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(() => origin.Calls > before + Limit, TimeSpan.FromSeconds(30), Ct, "keys are loaded with nobody asking");
        TestContext.Current.TestOutputHelper!.WriteLine($"{origin.Calls - before} calls {TimeProvider.System.GetElapsedTime(ready).TotalSeconds:0.0} s after it was ready");

        Assert.Empty(LimiterBound.Check(origin.Arrivals, Limit, TimeSpan.FromSeconds(1)));
        await client.StopAsync(Ct);
    }

    private static async Task<ReadStatus> ReadAsync(IRawCache cache, int id) =>
        (await cache.CallAsync("origin", "now", new Dictionary<string, string?> { ["id"] = $"{id}" }, ct: Ct)).Status;
}
