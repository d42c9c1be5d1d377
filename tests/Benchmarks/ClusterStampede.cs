using System.Globalization;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>A thousand callers of a cold key in four processes, on three silos with Redis.</summary>
internal static class ClusterStampede
{
    private const int Processes = 4, Callers = 1_000, Rounds = 9;
    private static readonly TimeSpan OriginDelay = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("stampede").FullName;
        await using var redis = await RedisServer.StartAsync(new() { AppendOnly = true, Arguments = ["--maxmemory-policy", "noeviction"] });
        var port = FreePort.Next();
        await using var origin = ChildProcess.Start(Programs.DotNet, [Programs.Partner, "--port", $"{port}", "--delay-ms", $"{OriginDelay.TotalMilliseconds}", "--limit", "1000000", "--parent-pid", $"{Environment.ProcessId}"]);
        await origin.WaitForLineAsync("partner: http");
        var ports = Enumerable.Range(0, 3).Select(static _ => FreePort.Next(3)).ToArray();
        var silos = ports.Select((first, index) => ChildProcess.Start(
            Programs.DotNet,
            [
                Programs.Silo, "--no-origin", "--redis", redis.EndPoint, "--port", $"{first}", "--silo-port", $"{first + 1}", $"--OrleansCache:Silo:ClientPort={first + 2}", "--data", Path.Combine(data, $"{index}"),
                $"--OrleansCache:Integrations:origin:BaseAddress=http://127.0.0.1:{port}/", "--OrleansCache:Integrations:origin:Methods:item:Get=orders/{id}", "--OrleansCache:Integrations:origin:Methods:item:FreshFor=01:00:00",
            ])).ToArray();
        try
        {
            await Task.WhenAll(silos.Select(static silo => silo.WaitForLineAsync("ready: ")));
            var connection = EngineHosting.Name == "builtin" ? string.Join(',', ports.Select(static first => $"127.0.0.1:{first + 1}")) : $"redis={redis.EndPoint}";
            Console.WriteLine($"\n### {Callers} cold callers of one key in {Processes} processes on three silos, an origin of 50 ms\n");
            foreach (var (what, name) in new[] { ("call", "CallAsync"), ("create", "GetOrCreateAsync") })
            {
                var rounds = await Stampedes.RunAsync(connection, what, Processes, Callers, Rounds + 1);
                var took = rounds.Skip(1).Select(static round => round.Took.TotalMilliseconds).Order().ToArray();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"- {name}: median {took[Rounds / 2]:F1} ms, worst of {Rounds} rounds {took[^1]:F1} ms (at most 80 ms); rounds {string.Join(" ", rounds.Select(r => (int)r.Took.TotalMilliseconds))}; warm-up {rounds[0].Took.TotalMilliseconds:F0} ms{(what == "create" ? $"; factories ran {rounds.Sum(static round => round.Made)} times for {Rounds + 1} keys" : "")}"));
            }
        }
        finally
        {
            foreach (var silo in silos)
                await silo.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }
}
