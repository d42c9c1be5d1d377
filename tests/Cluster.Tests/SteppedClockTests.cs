using System.Globalization;

namespace OrleansCache.Cluster;

/// <summary>The wall clock is set ahead and back under three silos and Redis: leases and versions do not go by it.</summary>
public sealed class SteppedClockTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>
    /// Orleans makes no activation while a silo's clock is behind where it was by more than it leaves idle ones alone, a quarter of an hour
    /// (<c>ActivationCollector</c>: "The earliest collection that can be scheduled from now is for …").
    /// </summary>
    private static readonly TimeSpan MostOfSilos = EngineHosting.Name == "orleans" ? TimeSpan.FromMinutes(7) : Day;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wall_clocks_that_are_set_leave_a_clean_history_and_every_lease_as_it_was()
    {
        using var clocks = WallClocks.Create();
        await using var cluster = await UnderLoadAsync(clocks, clients: 2, keys: 500);

        await SetAsync(cluster, clocks, "silo-0", TimeSpan.FromHours(1));
        await SetAsync(cluster, clocks, "silo-1", -MostOfSilos);
        await SetAsync(cluster, clocks, "redis", TimeSpan.FromHours(2));
        await SetAsync(cluster, clocks, "redis", TimeSpan.FromHours(-2));

        await UndisturbedAsync(cluster, atLeast: 500);
    }

    [Fact]
    public async Task Wall_clocks_that_are_set_again_and_again_leave_a_clean_history()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        using var clocks = WallClocks.Create();
        await using var cluster = await UnderLoadAsync(clocks, clients: 4, keys: 5_000);
        var random = new Random(1);

        for (var i = 0; i < 20; i++)
        {
            var (whose, most) = i % 4 == 3 ? ("redis", Day) : ($"silo-{i % 4}", MostOfSilos);
            await SetAsync(cluster, clocks, whose, most * ((random.NextDouble() * 2) - 1));
        }

        await UndisturbedAsync(cluster, atLeast: 10_000);
    }

    private static async Task UndisturbedAsync(ClusterProcess cluster, int atLeast)
    {
        var history = await cluster.CleanAsync(atLeast);
        Assert.Empty(new Availability(history.Operations, cluster.Disturbances.All).Failed);
        Assert.Equal(0, cluster.Refusals);
        Assert.All(cluster.Silos, static silo => Assert.DoesNotContain("gives up all keys", silo.Process.Output, StringComparison.Ordinal));
    }

    private static Task<ClusterProcess> UnderLoadAsync(WallClocks clocks, int clients, int keys) => Runs.UnderLoadAsync(
        new()
        {
            Environment = silo => clocks.EnvironmentOf($"silo-{silo}"),
            Redis = new ClusterOptions().Redis with { Environment = clocks.EnvironmentOf("redis") },
        },
        clients, keys);

    private static async Task SetAsync(ClusterProcess cluster, WallClocks clocks, string whose, TimeSpan ahead)
    {
        cluster.Disturbances.Add(string.Create(CultureInfo.InvariantCulture, $"{whose}'s clock set to {ahead.TotalHours:0.0} h ahead"));
        clocks.Set(whose, ahead);
        await Task.Delay(WallClocks.TakesEffect + Runs.AWhile, TimeProvider.System, Ct);
    }
}
