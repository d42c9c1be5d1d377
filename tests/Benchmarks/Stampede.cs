using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>A thousand callers of a cold key at once, from one process, from two and over HTTP; and stale reads while a slow load runs.</summary>
internal static class Stampede
{
    private const int Callers = 1_000;
    private const int Rounds = 5;
    private static readonly TimeSpan OriginDelay = TimeSpan.FromMilliseconds(300);
    private static readonly TimeProvider Clock = TimeProvider.System;

    public static async Task RunAsync()
    {
        await using (var silo = await RealSilo.StartAsync(300, "--OrleansCache:Integrations:partner:RateLimit:PerSecond=1000"))
            await ColdAsync(silo);
        await using (var silo = await RealSilo.StartAsync(2_000, "--OrleansCache:Integrations:partner:Methods:order:Strategy=Background", "--OrleansCache:Integrations:partner:Methods:order:FreshFor=00:00:01", "--OrleansCache:Integrations:partner:Methods:order:Jitter=0"))
            await StaleAsync(silo);
    }

    /// <summary>The callers of another process: they wait for the gate's key to be there, call each key in turn, and print their slowest.</summary>
    public static async Task CallAsync(string silo, string gate, string[] keys)
    {
        using var client = await RealSilo.ClientAsync(silo);
        var cache = client.Services.GetRequiredService<IOrleansCache>();
        foreach (var key in keys)
        {
            while (!(await cache.GetAsync<byte[]>(CacheKey.Of("gates", $"{gate}-{key}"))).HasValue)
                await Task.Delay(TimeSpan.FromMilliseconds(1), Clock);
            var slowest = await SlowestAsync(Callers / 2, () => OriginAsync(cache, key));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slowest of {key}: {slowest}"));
        }
    }

    private static async Task ColdAsync(RealSilo silo)
    {
        using var client = await RealSilo.ClientAsync(silo.Clients);
        var cache = client.Services.GetRequiredService<IOrleansCache>();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Callers }) { BaseAddress = silo.Http };
        var ids = 0;       // the origin has 1 to 1,000
        Console.WriteLine($"\n### {Callers} cold callers of one key: the slowest, over the origin's 300 ms\n");
        await ReportAsync("one process, CallAsync", () => OriginSlowestAsync(Callers, $"{++ids}"));
        await ReportAsync("one process, GetOrCreateAsync", () => { var key = CacheKey.Of("made", $"{++ids}"); return SlowestAsync(Callers, () => MadeAsync(cache, key)); });
        using (var silos = new HttpBurst(silo.Http, Callers))
            await ReportAsync("over HTTP, a socket each", () => Task.FromResult(silos.Slowest($"partner/order?id={++ids}")));
        using (var origins = new HttpBurst(silo.Origin, Callers))
            await ReportAsync("a socket each to the origin itself, a plain Kestrel endpoint", () => Task.FromResult(origins.Slowest($"orders/{++ids}")));
        await ReportAsync("over HTTP, by one HttpClient", () => { var path = $"partner/order?id={++ids}"; return SlowestAsync(Callers, () => GetAsync(http, path)); });

        var keys = Enumerable.Range(0, Rounds + 1).Select(_ => $"{++ids}").ToArray();
        await using var other = ChildProcess.Start(Programs.DotNet, [typeof(Stampede).Assembly.Location, "callers", silo.Clients, "gate", .. keys]);
        var next = 0;
        await ReportAsync("two processes, CallAsync", async () =>
        {
            var key = keys[next++];
            await cache.SetAsync(CacheKey.Of("gates", $"gate-{key}"), new byte[1]);
            var here = await OriginSlowestAsync(Callers / 2, key);
            var there = await other.WaitForLineAsync($"slowest of {key}: ");
            return Math.Max(here, double.Parse(there.Split(": ")[1], CultureInfo.InvariantCulture));
        });

        Task<double> OriginSlowestAsync(int callers, string id) => SlowestAsync(callers, () => OriginAsync(cache, id));
    }

    private static async Task StaleAsync(RealSilo silo)
    {
        using var client = await RealSilo.ClientAsync(silo.Clients);
        var cache = client.Services.GetRequiredService<IOrleansCache>();
        using var http = new HttpClient { BaseAddress = silo.Http };
        Console.WriteLine("\n### Stale reads while a load of 2 s runs\n");
        foreach (var (name, read) in new (string, Func<Task<bool>>)[]
        {
            ("CallAsync", async () => (await cache.CallAsync<byte[]>("partner", "order", new Dictionary<string, string?> { ["id"] = "7" })).Outcome == Outcome.Stale),
            ("over HTTP", async () => (await http.GetAsync("partner/order?id=8")).Headers.GetValues("Cache-Status").First().Contains("hit", StringComparison.Ordinal)),
        })
        {
            await read();
            await Task.Delay(TimeSpan.FromMilliseconds(1_200), Clock);
            var took = new List<double>();
            for (var begun = Clock.GetTimestamp(); Clock.GetElapsedTime(begun) < TimeSpan.FromMilliseconds(1_900);)
            {
                var at = Clock.GetTimestamp();
                if (!await read())
                    throw new InvalidOperationException("A read was not answered from the stale entry.");
                took.Add(Clock.GetElapsedTime(at).TotalMilliseconds);
            }

            took.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"- {name}: p50 {took[took.Count / 2]:F3} ms, p99 {took[took.Count * 99 / 100]:F3} ms, slowest {took[^1]:F2} ms of {took.Count} (p99 under 5 ms)"));
        }
    }

    private static async Task ReportAsync(string name, Func<Task<double>> round)
    {
        await round();      // the warm-up: connections, code
        var slowest = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
            slowest[i] = await round() - OriginDelay.TotalMilliseconds;
        Array.Sort(slowest);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"- {name}: median {slowest[Rounds / 2]:F1} ms, worst of {Rounds} rounds {slowest[^1]:F1} ms (at most 30 ms)"));
    }

    private static async Task<double> SlowestAsync(int callers, Func<Task> call)
    {
        var took = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var begun = Clock.GetTimestamp();
            await call();
            return Clock.GetElapsedTime(begun).TotalMilliseconds;
        })));
        return took.Max();
    }

    private static async Task GetAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(path);
        answer.EnsureSuccessStatusCode();
    }

    private static Task<CacheResult<byte[]>> OriginAsync(IOrleansCache cache, string id) =>
        cache.CallAsync<byte[]>("partner", "order", new Dictionary<string, string?> { ["id"] = id }).AsTask();

    private static Task<CacheResult<byte[]>> MadeAsync(IOrleansCache cache, CacheKey key) => cache.GetOrCreateAsync<byte[]>(key, async cancellationToken =>
    {
        await Task.Delay(OriginDelay, Clock, cancellationToken);
        return [1];
    }).AsTask();
}
