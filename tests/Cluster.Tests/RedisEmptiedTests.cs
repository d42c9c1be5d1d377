namespace OrleansCache.Cluster;

/// <summary>Three silos whose Redis loses all it held, or is started again: what it alone held is lost, and no answer contradicts another.</summary>
public sealed class RedisEmptiedTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_are_lost_with_what_Redis_held_but_no_version_falls_and_nobody_else_serves()
    {
        await using var cluster = await Runs.UnderLoadAsync(clients: 2, keys: 1_000);

        await DisturbAsync(cluster, "emptied");

        await cluster.CleanAsync(atLeast: 200);
    }

    [Fact]
    public async Task Each_silo_still_has_its_keys_when_Redis_is_back_and_no_call_looks_for_another()
    {
        await using var cluster = await Runs.UnderLoadAsync(clients: 2, keys: 1_000);

        await DisturbAsync(cluster, "killed and started with its data");

        await cluster.CleanAsync(atLeast: 200);
        Assert.InRange(cluster.Refusals, 0, 50);       // as every key begins anew, each may be asked for at the old place
    }

    [Fact]
    public async Task A_silo_that_starts_after_Redis_lost_all_joins_those_who_went_on()
    {
        await using var cluster = await Runs.UnderLoadAsync(clients: 2, keys: 1_000);

        await DisturbAsync(cluster, "emptied, and a silo killed at once");

        await cluster.CleanAsync(atLeast: 200);
    }

    [Theory]
    [InlineData("emptied")]
    [InlineData("emptied, and a silo killed at once")]
    [InlineData("emptied, and a silo killed later")]
    [InlineData("killed and started without its data")]
    [InlineData("killed and started with its data")]
    [InlineData("restarted at once without its data")]
    [InlineData("restarted at once with its data")]
    public async Task Whatever_befalls_Redis_again_and_again_the_history_is_clean(string how)
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await Runs.UnderLoadAsync(clients: 4, keys: 10_000);

        for (var round = 0; round < 3; round++)
        {
            await DisturbAsync(cluster, how, round);
            await Task.Delay(Runs.Settled, TimeProvider.System, Ct);
        }

        await cluster.CleanAsync(atLeast: 10_000);
    }

    private static async Task DisturbAsync(ClusterProcess cluster, string how, int round = 0)
    {
        var length = Runs.Fence + TimeSpan.FromSeconds(0.5);
        switch (how)
        {
            case "killed and started without its data": await cluster.RestartRedisEmptyAsync(length); break;
            case "killed and started with its data": await cluster.RestartRedisAsync(length); break;
            case "restarted at once without its data": await cluster.RestartRedisEmptyAsync(TimeSpan.Zero); break;
            case "restarted at once with its data": await cluster.RestartRedisAsync(TimeSpan.Zero); break;
            default: await cluster.FlushRedisAsync(); break;
        }
        if (how.EndsWith("killed at once", StringComparison.Ordinal))
            await KillAsync(cluster, round);
        await Task.Delay(Runs.AWhile, TimeProvider.System, Ct);      // until each has seen it
        await cluster.WellAsync();
        await Task.Delay(Runs.AWhile, TimeProvider.System, Ct);
        if (how.EndsWith("killed later", StringComparison.Ordinal))
            await KillAsync(cluster, round);
    }

    private static async Task KillAsync(ClusterProcess cluster, int silo)
    {
        await cluster.Silos[silo].KillAsync();
        await cluster.Silos[silo].StartAsync(Ct);
        await cluster.WellAsync();
    }
}
