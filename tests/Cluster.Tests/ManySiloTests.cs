using System.Text;
using Microsoft.Extensions.DependencyInjection;
using static OrleansCache.Cluster.Runs;

namespace OrleansCache.Cluster;

/// <summary>Silos that share the keys: each has its part, and what befalls one is soon another's.</summary>
public sealed class ManySiloTests
{
    private static readonly bool IsOrleans = EngineHosting.Name == "orleans";
    private static readonly TimeSpan ReadsAreBack = TimeSpan.FromSeconds(IsOrleans ? 15 : 5);
    private static readonly TimeSpan ChangesAreBack = IsOrleans ? ReadsAreBack : Settled;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_stable_cluster_every_call_goes_to_the_keys_owner()
    {
        await using var cluster = await UnderLoadAsync(clients: 2, keys: 500);
        await Task.Delay(AWhile, TimeProvider.System, Ct);

        var history = await cluster.CleanAsync(atLeast: 500);

        Assert.Equal(0, cluster.Refusals);
        Assert.Empty(new Availability(history.Operations, cluster.Disturbances.All).Failed);
    }

    [Fact]
    public async Task A_killed_silos_keys_are_soon_the_others_and_its_own_again()
    {
        await using var cluster = await UnderLoadAsync(clients: 2, keys: 1_000);

        await KillAndStartAsync(cluster, 1);

        await SoonBackAsync(cluster, atLeast: 500);
    }

    [Fact]
    public async Task A_restart_of_each_silo_in_turn_fails_no_call()
    {
        await using var cluster = await UnderLoadAsync(clients: 2, keys: 1_000);

        await RestartInTurnAsync(cluster);

        await NoneFailedAsync(cluster, atLeast: 500);
    }

    [Fact]
    public Task A_silo_that_joins_gets_its_share_and_no_value_is_loaded_again() => JoinAsync(keys: 1_000, tolerance: 0.05, evenness: 0.2);

    [Fact]
    public Task A_silo_that_joins_gets_its_share_of_many_keys_and_no_value_is_loaded_again()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        return JoinAsync(keys: 10_000, tolerance: 0.05, evenness: 0.1);
    }

    [Fact]
    public async Task A_limit_holds_over_all_silos_and_while_each_is_killed()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        const int Limit = 20;
        await using var origin = CountingOrigin.Start();
        await using var cluster = await ClusterProcess.StartAsync(silos: 3, [.. origin.Settings, $"--OrleansCache:Integrations:origin:RateLimit:PerSecond={Limit}"]);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IRawCache>();
        using var end = new CancellationTokenSource();
        var next = 0;
        var loading = Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
                await LoadAsync(cache, Interlocked.Increment(ref next));
        })).ToArray();

        foreach (var silo in cluster.Silos)
        {
            await Task.Delay(AWhile, TimeProvider.System, Ct);
            var before = origin.Calls;
            await silo.KillAsync();
            await silo.StartAsync(Ct);
            await cluster.WellAsync();
            await Eventually.TrueAsync(() => origin.Calls > before + Limit, TimeSpan.FromSeconds(30), Ct, "permits are given again");
        }
        await end.CancelAsync();
        await Task.WhenAll(loading);

        TestContext.Current.TestOutputHelper!.WriteLine($"{origin.Calls} calls");
        Assert.Empty(LimiterBound.Check(origin.Arrivals, Limit, TimeSpan.FromSeconds(1)));
        await client.StopAsync(Ct);
    }

    [Theory]
    [InlineData("paused")]
    [InlineData("cut off from Redis")]
    public async Task A_silo_that_cannot_renew_its_lease_gives_no_wrong_answer(string how)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync(clients: 4, keys: 10_000);

        foreach (var silo in cluster.Silos)
        {
            if (how == "paused")
            {
                await silo.PauseAsync(2 * Fence, Ct);
            }
            else
            {
                cluster.Disturbances.Add(how);
                silo.Redis.Cut();
                await Task.Delay(2 * Fence, TimeProvider.System, Ct);
                silo.Redis.Heal();
                cluster.Disturbances.Add("healed");
            }
            await cluster.WellAsync();
            await Task.Delay(Settled, TimeProvider.System, Ct);
        }

        // A paused silo answers nothing, and its calls go on elsewhere; one without Redis refuses, and its callers wait until the others have its keys.
        var availability = new Availability((await cluster.CleanAsync(atLeast: 10_000)).Operations, cluster.Disturbances.All);
        Assert.Empty(availability.FailedLaterThan(Fence).Take(3));
        Assert.InRange(availability.FailedShare, 0, 0.01);
    }

    [Fact]
    public async Task Kills_for_a_minute_leave_a_clean_history_and_short_stalls()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync(clients: 4, keys: 10_000);
        var random = new Random(1);

        for (var kill = 0; kill < 6; kill++)
            await KillAndStartAsync(cluster, random.Next(3));

        await SoonBackAsync(cluster, atLeast: 10_000);
    }

    [Fact]
    public async Task Restarts_in_turn_for_long_fail_no_call()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync(clients: 4, keys: 10_000);

        for (var round = 0; round < 4; round++)
            await RestartInTurnAsync(cluster);

        await NoneFailedAsync(cluster, atLeast: 10_000);
    }

    /// <param name="keys">So many have a value.</param>
    /// <param name="tolerance">Of the share that moves, in parts of all keys.</param>
    /// <param name="evenness">Of the shares in the end, in parts of one share.</param>
    private static async Task JoinAsync(int keys, double tolerance, double evenness)
    {
        await using var origin = CountingOrigin.Start();
        await using var cluster = await ClusterProcess.StartAsync(silos: 3, origin.Settings);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IRawCache>();
        await EachAsync(keys, id => ItemAsync(cache, id));
        Assert.Equal(keys, origin.Calls);
        var before = await OwnersAsync(cache, keys);

        var joined = cluster.Add();
        using var end = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            var reads = 0;
            for (; !end.IsCancellationRequested; reads++)
                await ItemAsync(cache, reads % keys);
            return reads;
        });
        await joined.StartAsync(Ct);
        await cluster.WellAsync();
        await EachAsync(keys, id => ItemAsync(cache, id));
        await end.CancelAsync();
        var reads = await reading;
        var after = await OwnersAsync(cache, keys);

        var moved = Enumerable.Range(0, keys).Where(id => before[id] != after[id]).ToList();
        var shares = after.CountBy(static owner => owner).ToDictionary();
        TestContext.Current.TestOutputHelper!.WriteLine($"{moved.Count} of {keys} keys moved, {reads} reads meanwhile; shares: {string.Join(", ", shares)}");
        Assert.All(moved, id => Assert.Equal($"127.0.0.1:{joined.SiloPort}", after[id]));
        Assert.InRange(moved.Count / (double)keys, 0.25 - tolerance, 0.25 + tolerance);
        Assert.All(shares.Values, share => Assert.InRange(share, keys / 4.0 * (1 - evenness), keys / 4.0 * (1 + evenness)));
        var again = origin.Asked.CountBy(static id => id).Where(static asked => asked.Value > 1).Select(static asked => asked.Key).ToList();
        Assert.True(again is [], $"Loaded again: {string.Join(", ", again)}; the silo that joined wrote:\n{joined.Process.Output}");
        await client.StopAsync(Ct);
    }

    private static Task EachAsync(int keys, Func<int, Task> call) =>
        Parallel.ForEachAsync(Enumerable.Range(0, keys), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Ct }, async (id, _) => await call(id));

    private static async Task ItemAsync(IRawCache cache, int id)
    {
        var reply = await cache.CallAsync("origin", "item", new Dictionary<string, string?> { ["id"] = $"{id}" }, ct: Ct);
        Assert.Equal($"{id}", Encoding.UTF8.GetString(reply.Value?.Bytes ?? []));
    }

    private static async Task LoadAsync(IRawCache cache, int id)
    {
        try
        {
            await cache.CallAsync("origin", "item", new Dictionary<string, string?> { ["id"] = $"{id}" }, ct: Ct);
        }
        catch (CacheUnavailableException)
        {
            // A silo was killed: that is not what this looks at.
        }
    }

    private static async Task<string[]> OwnersAsync(IRawCache cache, int keys)
    {
        var owners = new string[keys];
        await EachAsync(keys, async id =>
        {
            var target = await cache.TargetAsync("origin", "item", new Dictionary<string, string?> { ["id"] = $"{id}" }, Ct);
            owners[id] = (await cache.ExplainAsync(target.Key, Ct)).Owner;
        });
        return owners;
    }

    private static async Task KillAndStartAsync(ClusterProcess cluster, int silo)
    {
        await cluster.Silos[silo].KillAsync();
        await cluster.Silos[silo].StartAsync(Ct);
        await cluster.WellAsync();
        await Task.Delay(Settled, TimeProvider.System, Ct);
    }

    private static async Task RestartInTurnAsync(ClusterProcess cluster)
    {
        foreach (var silo in cluster.Silos)
        {
            await silo.StopAsync();
            await silo.StartAsync(Ct);
            await cluster.WellAsync();
        }
    }

    private static async Task SoonBackAsync(ClusterProcess cluster, int atLeast)
    {
        var history = await cluster.CleanAsync(atLeast);
        var availability = new Availability(history.Operations, cluster.Disturbances.All);
        Assert.Empty(availability.FailedLaterThan(Fence).Take(3));
        Assert.InRange(availability.FailedShare, 0, 0.01);
        foreach (var kill in cluster.Disturbances.All.Where(static d => d.What.EndsWith("killed", StringComparison.Ordinal)))
        {
            Assert.InRange(availability.Stall(kill, static o => o.Kind == OperationKind.Read), TimeSpan.Zero, ReadsAreBack);
            Assert.InRange(availability.Stall(kill, static o => o.Kind != OperationKind.Read), TimeSpan.Zero, ChangesAreBack);
        }
    }

    private static async Task NoneFailedAsync(ClusterProcess cluster, int atLeast)
    {
        var history = await cluster.CleanAsync(atLeast);
        Assert.Empty(new Availability(history.Operations, cluster.Disturbances.All).Failed);
    }
}
