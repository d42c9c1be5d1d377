using System.Globalization;
using System.Text.Json;
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
        var costs = new List<Cost> { await AtRestAsync(cluster) };

        while (cluster.Silos.Count < 16)
        {
            var more = cluster.Silos.Count;
            while (cluster.Silos.Count < more * 2)
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.Add().StartAsync(Ct)));
            costs.Add(await AtRestAsync(cluster));
        }

        var (few, many) = (costs[0], costs[^1]);
        Assert.Equal(16, cluster.Silos.Count);
        Assert.InRange(many.Commands, 1, few.Commands * 1.2);
        Assert.InRange(many.Sent, 0, few.Sent * 1.5);
        Assert.InRange(many.Cores, 0, Bar);
    }

    /// <summary>What compiles what it has run thirty times goes on for a minute.</summary>
    private static TimeSpan Settle { get; } = TimeSpan.FromSeconds(75);

    /// <summary>Of a core.</summary>
    private const double Bar = 0.01;

    private static bool OnOrleans => EngineHosting.Name == "orleans";

    /// <summary>Of one silo, on average and a second: commands that Redis got from it, bytes that it sent to other silos, and how many cores it used.</summary>
    private sealed record Cost(double Commands, double Sent, double Cores);

    private static async Task<Cost> AtRestAsync(ClusterProcess cluster)
    {
        await cluster.WellAsync();
        await Task.Delay(Settle, TimeProvider.System, Ct);
        return await CostAsync(cluster, TimeSpan.FromSeconds(20));
    }

    private static async Task<Cost> CostAsync(ClusterProcess cluster, TimeSpan over)
    {
        var clock = TimeProvider.System;
        var silos = cluster.Silos.Count;
        var (begun, commands, bytes, sent, cpu) = (clock.GetTimestamp(), await CallsAsync(cluster), await AnsweredAsync(cluster), await SentAsync(cluster), Cpu());
        await Task.Delay(over, clock, Ct);
        var used = Cpu().Zip(cpu, static (after, before) => (after - before).TotalSeconds).ToArray();
        var seconds = clock.GetElapsedTime(begun).TotalSeconds;
        var answered = Rate(await AnsweredAsync(cluster) - bytes);
        var cost = new Cost(Rate(await CallsAsync(cluster) - commands), Rate(await SentAsync(cluster) - sent), used.Average() / seconds);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{silos} idle silos for {seconds:0.0} s, each: {cost.Cores:P2} of a core (the most {used.Max() / seconds:P2}), {cost.Commands:0.00} commands a second, {answered:0} bytes of answers a second, {cost.Sent:0} bytes to other silos a second"));
        return cost;

        double Rate(double all) => all / seconds / silos;

        TimeSpan[] Cpu() => [.. cluster.Silos.Select(static silo => silo.Process.ProcessorTime)];
    }

    /// <summary>By Orleans' counters, which its dashboard shows; the built-in engine's silos send nothing to each other at rest.</summary>
    private static async Task<double> SentAsync(ClusterProcess cluster)
    {
        if (!OnOrleans)
            return 0;
        var addresses = Regex.Matches(await cluster.AskRedisAsync("HKEYS default/members/default"), @"S([\d.]+):(\d+):(\d+)")
            .ToDictionary(static found => int.Parse(found.Groups[2].ValueSpan, CultureInfo.InvariantCulture), static found => found.Result("$1:$2@$3"));
        return (await Task.WhenAll(cluster.Silos.Select(silo => SentAsync(silo, addresses[silo.SiloPort])))).Sum();
    }

    // The dashboard, which looks every few seconds, may not have looked yet.
    private static async Task<double> SentAsync(SiloNode silo, string address)
    {
        string? size = null;
        await Eventually.TrueAsync(async () => (size = await CounterAsync(silo, address)) is not null, TimeSpan.FromSeconds(60), Ct, $"the dashboard counts what {address} sends");
        return double.Parse(size!, CultureInfo.InvariantCulture);
    }

    private static async Task<string?> CounterAsync(SiloNode silo, string address)
    {
        using var counters = JsonDocument.Parse((await silo.GetAsync($"orleans/SiloCounters/{address}")).Body);
        var size = counters.RootElement.EnumerateArray().FirstOrDefault(static counter => counter.GetProperty("name").GetString() == "orleans-messaging-sent-messages-size");
        return size.ValueKind == JsonValueKind.Undefined ? null : size.GetProperty("value").GetString();
    }

    private static Task<long> AnsweredAsync(ClusterProcess cluster) => CountAsync(cluster, "stats", "total_net_output_bytes:");

    // What silos send at rest; what scripts call in turn is not counted.
    private static async Task<long> CallsAsync(ClusterProcess cluster) =>
        await CountAsync(cluster, "commandstats", "cmdstat_evalsha:calls=") + await CountAsync(cluster, "commandstats", "cmdstat_ping:calls=");

    private static async Task<long> CountAsync(ClusterProcess cluster, string section, string name) =>
        Regex.Match(await cluster.AskRedisAsync($"INFO {section}"), $@"{name}(\d+)") is { Success: true } found ? long.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
}
