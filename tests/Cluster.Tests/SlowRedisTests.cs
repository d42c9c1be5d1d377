namespace OrleansCache.Cluster;

/// <summary>Three silos, each with a way of its own to Redis, on which answers come late or never: scripts that were applied are asked for again.</summary>
public sealed class SlowRedisTests
{
    private static readonly TimeSpan BeyondTheLease = Runs.Fence + TimeSpan.FromSeconds(0.5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Late_and_lost_replies_of_Redis_leave_a_clean_history()
    {
        await using var cluster = await Runs.UnderLoadAsync(clients: 2, keys: 200);

        await DisturbAsync(cluster, "slow", cluster.Silos, Runs.AWhile);
        await DisturbAsync(cluster, "replies lost", [cluster.Silos[0]], Runs.AWhile);
        await DisturbAsync(cluster, "replies late and lost", [cluster.Silos[1]], Runs.AWhile);

        await cluster.CleanAsync(atLeast: 200);
    }

    [Theory]
    [InlineData("slow")]
    [InlineData("replies held")]
    [InlineData("replies lost")]
    [InlineData("replies late and lost")]
    [InlineData("connections reset")]
    public async Task A_disturbed_way_to_Redis_leaves_a_clean_history(string how)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await Runs.UnderLoadAsync(clients: 4, keys: 300);

        foreach (var silo in cluster.Silos)
        {
            await DisturbAsync(cluster, how, [silo], Runs.AWhile);
            await DisturbAsync(cluster, how, [silo], BeyondTheLease);
        }
        await DisturbAsync(cluster, how, cluster.Silos, Runs.AWhile);
        await DisturbAsync(cluster, how, cluster.Silos, BeyondTheLease);

        await cluster.CleanAsync(atLeast: 2_000);
    }

    private static async Task DisturbAsync(ClusterProcess cluster, string how, IReadOnlyList<SiloNode> silos, TimeSpan length)
    {
        cluster.Disturbances.Add($"Redis for {silos.Count} silos: {how}");
        for (var begun = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(begun) < length;)
        {
            foreach (var silo in silos)
                Disturb(silo.Redis, how);
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, Ct);
        }
        foreach (var silo in silos)
            silo.Redis.Heal();
        cluster.Disturbances.Add("healed");
        await cluster.WellAsync();
        await Task.Delay(Runs.AWhile, TimeProvider.System, Ct);
    }

    private static void Disturb(TcpProxy way, string how)
    {
        switch (how)
        {
            case "slow": way.Delay(TimeSpan.FromMilliseconds(150)); break;
            case "replies held": way.Hold(ProxyDirection.ToClient); break;
            case "replies lost": way.Swallow(ProxyDirection.ToClient); break;
            case "connections reset": way.Reset(); break;
            default:
                way.Delay(TimeSpan.FromMilliseconds(150));
                way.Swallow(ProxyDirection.ToClient);
                break;
        }
    }
}
