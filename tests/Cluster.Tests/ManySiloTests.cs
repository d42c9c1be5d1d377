namespace OrleansCache.Cluster;

/// <summary>Silos that share the keys: each has its part, and what befalls one is soon another's.</summary>
public sealed class ManySiloTests
{
    /// <summary>How long a lease is good for (F), and a near cache's (L).</summary>
    private static readonly TimeSpan Fence = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan NearLease = TimeSpan.FromSeconds(2);
    // On Orleans a silo that was killed is also to be given up by its membership.
    private static readonly bool IsOrleans = EngineHosting.Name == "orleans";
    private static readonly TimeSpan ReadsAreBack = TimeSpan.FromSeconds(IsOrleans ? 15 : 5);
    private static readonly TimeSpan ChangesAreBack = IsOrleans ? ReadsAreBack : Fence + NearLease + TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_stable_cluster_every_call_goes_to_the_keys_owner()
    {
        await using var cluster = await UnderLoadAsync(clients: 2, keys: 500);
        await Task.Delay(AWhile, TimeProvider.System, Ct);

        var history = await CleanAsync(cluster, atLeast: 500);

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

    private static async Task KillAndStartAsync(ClusterProcess cluster, int silo)
    {
        await cluster.Silos[silo].KillAsync();
        await cluster.Silos[silo].StartAsync(Ct);
        await cluster.WellAsync();
        await Task.Delay(ChangesAreBack, TimeProvider.System, Ct);
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

    private static async Task<ClusterProcess> UnderLoadAsync(int clients, int keys)
    {
        var cluster = await ClusterProcess.StartAsync(silos: 3);
        try
        {
            await cluster.StartClientsAsync(clients, load => load with { Keys = keys, Workers = 6, PauseMs = 5 });
            await Task.Delay(AWhile, TimeProvider.System, Ct);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private static async Task SoonBackAsync(ClusterProcess cluster, int atLeast)
    {
        var history = await CleanAsync(cluster, atLeast);
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
        var history = await CleanAsync(cluster, atLeast);
        Assert.Empty(new Availability(history.Operations, cluster.Disturbances.All).Failed);
    }

    private static async Task<History> CleanAsync(ClusterProcess cluster, int atLeast)
    {
        var history = await cluster.StopClientsAsync();
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine(history.Summary);
        output.WriteLine(new Availability(history.Operations, cluster.Disturbances.All).ToString());
        output.WriteLine($"{cluster.Refusals} calls went to a silo that did not own the key");
        var findings = history.Check(cluster.Losses);
        Assert.True(findings.IsEmpty, string.Join("\n", findings.Select(history.Around)));
        Assert.InRange(history.Operations.Count(static o => o.Ending == Ending.Ok), atLeast, int.MaxValue);
        return history;
    }
}
