namespace OrleansCache.Cluster;

/// <summary>What tests by processes have in common: load before the fault, and a clean history after it.</summary>
internal static class Runs
{
    /// <summary>How long a lease is good for (F), and a near cache's (L).</summary>
    public static TimeSpan Fence { get; } = TimeSpan.FromSeconds(3);

    public static TimeSpan NearLease { get; } = TimeSpan.FromSeconds(2);

    /// <summary>After this a disturbance is over, and all it led to.</summary>
    public static TimeSpan Settled { get; } = Fence + NearLease + TimeSpan.FromSeconds(2);

    /// <summary>So many keys have each tag.</summary>
    private const int KeysOfTag = 50;

    public static TimeSpan AWhile { get; } = TimeSpan.FromSeconds(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Three silos with client processes that read, write, remove, and raise tags.</summary>
    public static Task<ClusterProcess> UnderLoadAsync(int clients, int keys) => UnderLoadAsync(new(), clients, keys);

    /// <inheritdoc cref="UnderLoadAsync(int, int)"/>
    public static async Task<ClusterProcess> UnderLoadAsync(ClusterOptions options, int clients, int keys)
    {
        var cluster = await ClusterProcess.StartAsync(options);
        try
        {
            await cluster.StartClientsAsync(clients, load => load with { Keys = keys, Workers = 6, PauseMs = 5, Tags = keys / KeysOfTag, Raises = 5 });
            await Task.Delay(AWhile, TimeProvider.System, Ct);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the load, and finds nothing wrong with what it saw.</summary>
    /// <param name="cluster">Whose clients.</param>
    /// <param name="atLeast">So many calls must have ended well, or nothing was shown.</param>
    public static async Task<History> CleanAsync(this ClusterProcess cluster, int atLeast)
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
