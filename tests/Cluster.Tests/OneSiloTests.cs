namespace OrleansCache.Cluster;

/// <summary>One silo on Redis and four client processes: whatever happens to the silo or to Redis, no answer contradicts another.</summary>
public sealed class OneSiloTests
{
    private static readonly TimeSpan BeyondTheLease = TimeSpan.FromSeconds(3.5);
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(0.7);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_kill_and_a_pause_leave_a_clean_history()
    {
        await using var cluster = await UnderLoadAsync(keys: 1_000, zipf: 0);

        await cluster.Silos[0].KillAsync();
        await cluster.Silos[0].StartAsync(Ct);
        await WellForAWhileAsync(cluster);
        await cluster.Silos[0].PauseAsync(BeyondTheLease, Ct);
        await WellForAWhileAsync(cluster);

        await cluster.CleanAsync(atLeast: 300);
    }

    [Fact]
    public async Task Kills_for_a_minute_leave_a_clean_history()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync(keys: 10_000, zipf: 0.5);

        for (var kill = 0; kill < 6; kill++)
        {
            await cluster.Silos[0].KillAsync();
            await cluster.Silos[0].StartAsync(Ct);
            await Task.Delay(TimeSpan.FromSeconds(7), TimeProvider.System, Ct);
        }

        await cluster.CleanAsync(atLeast: 10_000);
    }

    [Fact]
    public async Task Graceful_restarts_leave_a_clean_history()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync();

        for (var restart = 0; restart < 3; restart++)
        {
            await cluster.Silos[0].StopAsync();
            await cluster.Silos[0].StartAsync(Ct);
            await WellForAWhileAsync(cluster);
        }

        await cluster.CleanAsync(atLeast: 1_000);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("held")]
    [InlineData("replies held")]
    [InlineData("replies lost")]
    [InlineData("slow")]
    public async Task A_disturbed_way_to_Redis_leaves_a_clean_history(string how)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync();
        var way = cluster.Silos[0].Redis;

        for (var i = 0; i < 3; i++)
        {
            cluster.Disturbances.Add($"Redis {how}");
            Disturb(way, how);
            await Task.Delay(i == 0 ? BeyondTheLease : AWhile, TimeProvider.System, Ct);
            way.Heal();
            cluster.Disturbances.Add("healed");
            await WellForAWhileAsync(cluster);
        }

        await cluster.CleanAsync(atLeast: 500);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_killed_Redis_leaves_a_clean_history(bool keepsItsData)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync();

        await (keepsItsData ? cluster.RestartRedisAsync(BeyondTheLease) : cluster.RestartRedisEmptyAsync(BeyondTheLease));
        await WellForAWhileAsync(cluster);
        await (keepsItsData ? cluster.RestartRedisAsync(AWhile) : cluster.RestartRedisEmptyAsync(AWhile));
        await WellForAWhileAsync(cluster);

        await cluster.CleanAsync(atLeast: 500);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_emptied_Redis_loses_only_what_nobody_else_held(bool thenKill)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await UnderLoadAsync(keys: 1_000, zipf: 0);

        await cluster.FlushRedisAsync();
        await WellForAWhileAsync(cluster);
        if (thenKill)
        {
            await cluster.Silos[0].KillAsync();
            await cluster.Silos[0].StartAsync(Ct);
        }
        await WellForAWhileAsync(cluster);

        await cluster.CleanAsync(atLeast: 500);
    }

    private static void Disturb(TcpProxy way, string how)
    {
        switch (how)
        {
            case "cut": way.Cut(); break;
            case "held": way.Hold(ProxyDirection.Both); break;
            case "replies held": way.Hold(ProxyDirection.ToClient); break;
            case "replies lost": way.Swallow(ProxyDirection.ToClient); break;
            default: way.Delay(TimeSpan.FromMilliseconds(150)); break;
        }
    }

    private static async Task<ClusterProcess> UnderLoadAsync(int keys = 200, double zipf = 0.9)
    {
        var cluster = await ClusterProcess.StartAsync(silos: 1);
        try
        {
            await cluster.StartClientsAsync(4, load => load with { Keys = keys, Workers = 6, Zipf = zipf, PauseMs = 5 });
            await Task.Delay(AWhile, TimeProvider.System, Ct);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private static async Task WellForAWhileAsync(ClusterProcess cluster)
    {
        await cluster.WellAsync();
        await Task.Delay(AWhile, TimeProvider.System, Ct);
    }
}
