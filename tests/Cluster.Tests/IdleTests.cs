using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansCache.Cluster;

/// <summary>What silos cost that nobody calls.</summary>
public sealed class IdleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_silo_asks_Redis_twice_a_second()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 3);

        var cost = await CostAsync(cluster, TimeSpan.FromSeconds(2.5));

        Assert.InRange(cost.Commands, 1, 3.5);
    }

    [Fact]
    public async Task Sixteen_idle_silos_cost_a_hundredth_of_a_core_each_and_no_more_messages_each_than_four()
    {
        Assert.SkipUnless(Soak.IsOn, Soak.SkipReason);
        await using var cluster = await ClusterProcess.StartAsync(silos: 4);
        await Task.Delay(Settle, TimeProvider.System, Ct);
        var few = await CostAsync(cluster, TimeSpan.FromSeconds(20));

        for (var i = 0; i < 4; i++)
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => cluster.Add().StartAsync(Ct)));
        await cluster.WellAsync();
        await Task.Delay(Settle, TimeProvider.System, Ct);
        var many = await CostAsync(cluster, TimeSpan.FromSeconds(20));

        Assert.Equal(16, cluster.Silos.Count);
        Assert.InRange(many.Commands, 1, few.Commands * 1.2);
        Assert.InRange(many.Cores, 0, 0.01);
    }

    private static TimeSpan Settle { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Of one silo, on average: commands that Redis got from it a second, and how many cores it used.</summary>
    private static async Task<(double Commands, double Cores)> CostAsync(ClusterProcess cluster, TimeSpan over)
    {
        var clock = TimeProvider.System;
        var silos = cluster.Silos.Count;
        var (begun, commands, bytes, cpu) = (clock.GetTimestamp(), await CallsAsync(cluster), await CountAsync(cluster, "stats", "total_net_output_bytes:"), Cpu());
        await Task.Delay(over, clock, Ct);
        var used = Cpu().Zip(cpu, static (after, before) => (after - before).TotalSeconds).ToArray();
        var seconds = clock.GetElapsedTime(begun).TotalSeconds;
        var (asked, sent) = ((await CallsAsync(cluster) - commands) / seconds / silos, (await CountAsync(cluster, "stats", "total_net_output_bytes:") - bytes) / seconds / silos);
        var cores = used.Average() / seconds;
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{silos} idle silos for {seconds:0.0} s, each: {cores:P2} of a core (the most {used.Max() / seconds:P2}), {asked:0.00} commands a second, {sent:0} bytes of answers a second"));
        return (asked, cores);

        TimeSpan[] Cpu() => [.. cluster.Silos.Select(static silo => silo.Process.ProcessorTime)];
    }

    // What silos send at rest; what scripts call in turn is not counted.
    private static async Task<long> CallsAsync(ClusterProcess cluster) =>
        await CountAsync(cluster, "commandstats", "cmdstat_evalsha:calls=") + await CountAsync(cluster, "commandstats", "cmdstat_ping:calls=");

    private static async Task<long> CountAsync(ClusterProcess cluster, string section, string name) =>
        Regex.Match(await cluster.AskRedisAsync($"INFO {section}"), $@"{name}(\d+)") is { Success: true } found ? long.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
}
