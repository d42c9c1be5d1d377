using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>
/// Silos that all reach Redis but not each other, and clients that do not reach all silos. Packets are lost without a word. Nothing is passed on
/// between silos, so only what one asks of another is concerned: a limiter's permits, and calls that a silo's own callers make.
/// </summary>
public sealed class CutOffTests
{
    private const string Region = "cut";

    /// <summary>A way that is there again is found within this.</summary>
    private static readonly TimeSpan FoundAgain = TimeSpan.FromSeconds(3);

    /// <summary>What a client cut off is told. Where finding the silo again takes long, changes in doubt are repeated when too many others were made since.</summary>
    private static readonly string ToldOnes = EngineHosting.Name == "orleans" ? "No silo answered|The change may or may not have happened" : "No silo answered";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task Silos_that_do_not_reach_each_other_go_on_for_clients_that_reach_both() => SilosAsync(TimeSpan.FromSeconds(1));

    [Fact]
    public Task Silos_that_do_not_reach_each_other_for_long_go_on_for_clients_that_reach_both()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        return SilosAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task SilosAsync(TimeSpan length)
    {
        SkipOnOrleans();
        using var network = TestNetwork.Create();
        await using var origin = CountingOrigin.Start(listenOn: network.Host);
        await using var cluster = await Runs.UnderLoadAsync(
            new() { Network = network, Settings = [.. origin.Settings, "--OrleansCache:Integrations:origin:RateLimit:PerSecond=1000", "--OrleansCache:Client:CallTimeout=00:00:03"] }, clients: 2, keys: 500);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IRawCache>();
        var view = client.Services.GetRequiredService<LearnedView>();
        var limiter = cluster.Silos.Single(silo => Equals(view.Placement.EndPointOf(RoutingHash.Of("origin")), IPEndPoint.Parse(silo.Name)));
        var alone = cluster.Silos.First(silo => silo != limiter);
        var third = cluster.Silos.Single(silo => silo != limiter && silo != alone);
        var owners = new Dictionary<string, List<int>>();
        for (var i = 0; i < 60; i++)
        {
            await cache.SetAsync(Key(i), new(Encoding.ASCII.GetBytes($"{i}")), ct: Ct);
            var owner = (await cache.ExplainAsync(Key(i), Ct)).Owner;
            owners.TryAdd(owner, []);
            owners[owner].Add(i);
        }
        await LoadedAsync(cache, alone.Name, 1_000);
        Assert.Equal(HttpStatusCode.OK, (await alone.GetAsync(PathOf(owners[limiter.Name][2]))).Status);       // so that there are connections to cut
        var before = view.Number;

        cluster.Disturbances.Add("two silos cut off from each other");
        TestNetwork.Cut(alone.Place, limiter.Place);
        var cut = TimeProvider.System.GetTimestamp();

        foreach (var silo in cluster.Silos)
            Assert.Equal(HttpStatusCode.OK, (await alone.GetAsync(silo == limiter ? "healthz/ready" : PathOf(owners[silo.Name][0]))).Status);
        var asked = alone.GetAsync(PathOf(owners[limiter.Name][0]));
        var loaded = LoadedAsync(cache, alone.Name, 100);
        foreach (var silo in (SiloNode[])[limiter, third])
            Assert.Null(await LoadedAsync(cache, silo.Name, 100));
        var raised = TimeProvider.System.GetTimestamp();
        await cache.RemoveByTagAsync(["some"], Ct);
        var raise = TimeProvider.System.GetElapsedTime(raised);
        var refused = await loaded;
        var (status, told) = await asked;
        await Task.Delay(length, TimeProvider.System, Ct);
        var cutFor = TimeProvider.System.GetElapsedTime(cut);

        TestNetwork.Heal(alone.Place, limiter.Place);
        cluster.Disturbances.Add("healed");
        var healed = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(async () => (await alone.GetAsync(PathOf(owners[limiter.Name][1]))).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(120), Ct, "the silos reach each other again");
        var reached = TimeProvider.System.GetElapsedTime(healed);
        await Eventually.TrueAsync(async () => await LoadedAsync(cache, alone.Name, 200) is null, TimeSpan.FromSeconds(60), Ct, "permits are given again");

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"cut for {cutFor.TotalSeconds:0.0} s; HTTP for the other's key: {(int)status} {told}\na load without its limiter: {refused?.Kind} {refused?.Detail} {refused?.Message}\n"
            + $"a tag was raised in {raise.TotalMilliseconds:0} ms; reached again {reached.TotalSeconds:0.0} s after healing, loads {TimeProvider.System.GetElapsedTime(healed).TotalSeconds:0.0} s");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.NotNull(refused);
        Assert.InRange(reached, TimeSpan.Zero, FoundAgain + Runs.AWhile);
        Assert.Equal(before, view.Number);
        var history = await cluster.CleanAsync(atLeast: 200);
        Assert.Empty(new Availability(history.Operations, cluster.Disturbances.All).Failed);
        Assert.Equal(0, cluster.Refusals);
        await client.StopAsync(Ct);
    }

    [Fact]
    public Task What_clients_see_of_silos_that_do_not_reach_each_other_is_clean() => SeenAsync(TimeSpan.FromSeconds(3));

    [Theory]
    [InlineData(11)]
    [InlineData(33)]
    public Task What_clients_see_of_silos_that_do_not_reach_each_other_for_long_is_clean(int seconds)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        return SeenAsync(TimeSpan.FromSeconds(seconds));
    }

    private static async Task SeenAsync(TimeSpan length)
    {
        using var network = TestNetwork.Create();
        await using var cluster = await Runs.UnderLoadAsync(new() { Network = network }, clients: 2, keys: 500);

        cluster.Disturbances.Add("two silos cut off from each other");
        TestNetwork.Cut(cluster.Silos[0].Place, cluster.Silos[1].Place);
        await Task.Delay(length, TimeProvider.System, Ct);
        TestNetwork.Heal(cluster.Silos[0].Place, cluster.Silos[1].Place);
        var healed = cluster.Disturbances.Add("healed");
        await Task.Delay(FoundAgain + Runs.AWhile, TimeProvider.System, Ct);

        var history = await cluster.CleanAsync(atLeast: 200);
        Assert.DoesNotContain(new Availability(history.Operations, cluster.Disturbances.All).Failed, o => TimeProvider.System.GetElapsedTime(healed.At, o.Begin) > FoundAgain);
    }

    [Fact]
    public Task A_client_that_does_not_reach_a_silo_is_told_so_and_reads_and_writes_all_other_keys() => ClientAsync(TimeSpan.FromSeconds(1));

    [Fact]
    public Task A_client_that_does_not_reach_a_silo_for_long_soon_finds_it_again()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        return ClientAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task ClientAsync(TimeSpan length)
    {
        var foundAgain = FoundAgainByClient(length);
        using var network = TestNetwork.Create();
        await using var cluster = await ClusterProcess.StartAsync(new ClusterOptions { Network = network });
        var place = network.Add();
        await cluster.StartClientsAsync(1, static load => load with { Keys = 300, Workers = 12, PauseMs = 5, DeadlineMs = 1_000 }, place);
        await cluster.StartClientsAsync(1, static load => load with { Keys = 300, Workers = 6, PauseMs = 5 });
        await Task.Delay(Runs.AWhile, TimeProvider.System, Ct);

        var cut = cluster.Disturbances.Add("a client and a silo cut off from each other");
        TestNetwork.Cut(place, cluster.Silos[2].Place);
        await Eventually.TrueAsync(() => cluster.Told.Any(), cancellationToken: Ct);
        await Task.Delay(length, TimeProvider.System, Ct);
        TestNetwork.Heal(place, cluster.Silos[2].Place);
        var healed = cluster.Disturbances.Add("healed");
        await Task.Delay(foundAgain + Runs.AWhile, TimeProvider.System, Ct);

        var history = await cluster.CleanAsync(atLeast: 300);
        var availability = new Availability(history.Operations, cluster.Disturbances.All);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', cluster.Told));
        TestContext.Current.TestOutputHelper!.WriteLine($"the last call that failed began {availability.Failed.Max(o => TimeProvider.System.GetElapsedTime(healed.At, o.Begin).TotalSeconds):0.0} s after healing");
        Assert.All(cluster.Told, static told => Assert.Matches(ToldOnes, told));
        Assert.All(availability.Failed, static o => Assert.Equal(1, o.Process));
        Assert.Contains(history.Operations, o => o.Process == 1 && o.Ending == Ending.Ok && o.Begin > cut.At && o.End < healed.At);
        Assert.DoesNotContain(availability.Failed, o => TimeProvider.System.GetElapsedTime(healed.At, o.Begin) > foundAgain);
    }

    /// <summary>A client of Orleans leaves it to TCP, which tries again after as long as it has waited.</summary>
    private static TimeSpan FoundAgainByClient(TimeSpan cut) => EngineHosting.Name == "orleans" && cut > FoundAgain ? cut : FoundAgain;

    private static void SkipOnOrleans() => Assert.SkipWhen(EngineHosting.Name == "orleans", "On Orleans a client's call goes through one silo to the owner and stays with that silo: where the two do not reach each other it fails.");

    private static CacheKey Key(int id) => CacheKey.Of(Region, $"key-{id}");

    private static string PathOf(int id) => $"api/v1/entries/{Region}/key-{id}";

    /// <summary>Loads an item that the silo owns and nobody has asked for; null when that went well.</summary>
    private static async Task<LoadProblem?> LoadedAsync(IRawCache cache, string? owner, int from)
    {
        for (var id = from; ; id++)
        {
            var arguments = new Dictionary<string, string?> { ["id"] = $"{id}" };
            if (owner is not null && (await cache.ExplainAsync((await cache.TargetAsync("origin", "item", arguments, Ct)).Key, Ct)) is var known && (known.Owner != owner || known.Version > 0))
                continue;
            var reply = await cache.CallAsync("origin", "item", arguments, ct: Ct);
            return reply.Problem;
        }
    }
}
