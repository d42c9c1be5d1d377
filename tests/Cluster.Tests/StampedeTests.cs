namespace OrleansCache.Cluster;

/// <summary>A thousand callers of one cold key, in four processes, on three silos.</summary>
public sealed class StampedeTests
{
    private const int Processes = 4, Callers = 1_000, Rounds = 5;
    private static readonly TimeSpan OriginDelay = TimeSpan.FromMilliseconds(50);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_cold_callers_in_four_processes_make_one_origin_call()
    {
        await using var origin = CountingOrigin.Start(OriginDelay);
        await using var cluster = await ClusterProcess.StartAsync(new ClusterOptions { Settings = origin.Settings, Environment = static _ => new Dictionary<string, string?> { [Soak.CompilesAfter] = null } });

        var declared = await Stampedes.RunAsync(cluster.ConnectionString, "call", Processes, Callers, Rounds + 1, Ct);
        var made = await Stampedes.RunAsync(cluster.ConnectionString, "create", Processes, Callers, Rounds + 1, Ct);

        Report("of an integration", declared);
        Report("by the callers' factory", made);
        Assert.Equal(Rounds + 1, origin.Calls);
        Assert.All(made, round => Assert.Equal(1, round.Made));
        Assert.All([.. declared, .. made], round => Assert.InRange(round.Took, OriginDelay, TimeSpan.FromSeconds(5)));
    }

    private static void Report(string what, IReadOnlyList<StampedeRound> rounds) => TestContext.Current.TestOutputHelper!.WriteLine(
        $"{Callers} callers {what}: warm-up {rounds[0].Took.TotalMilliseconds:0.0} ms, then {string.Join(", ", rounds.Skip(1).Select(static round => $"{round.Took.TotalMilliseconds:0.0}"))} ms");
}
