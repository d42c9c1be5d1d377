using System.Globalization;

namespace OrleansCache.Cluster;

/// <summary><c>./run --silos N</c>, from where the programs are built.</summary>
public sealed class RunScriptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_on_consecutive_ports_share_a_redis_of_their_own_and_end_with_the_script()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RedisServer.IsAvailable, RedisServer.SkipReason);
        var data = Directory.CreateTempSubdirectory("oc-run-");
        var (port, siloPort, originPort) = (FreePort.Next(2), FreePort.Next(2), FreePort.Next());
        await using var run = Start(2, "--data", data.FullName, "--port", Text(port), "--silo-port", Text(siloPort), "--origin-port", Text(originPort));
        using var http = new HttpClient();

        var ready = await run.WaitForLineAsync(static line => line.StartsWith("ready: ", StringComparison.Ordinal), "a line 'ready: …'", Patience, Ct);
        var first = await CallAsync(http, port);
        var second = await CallAsync(http, port + 1);
        var pids = Directory.GetFiles(data.FullName, "*.pid", SearchOption.AllDirectories).Select(static file => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)).ToArray();
        var code = await run.StopAsync(Patience);

        Assert.Equal($"ready: http://127.0.0.1:{port}", ready);
        Assert.Equal(("OrleansCache; fwd=miss; stored", "OrleansCache; hit"), (first, second.Split("; ttl")[0]));
        Assert.Equal(3, pids.Length);       // two silos and Redis
        Assert.Equal(0, code);
        Assert.DoesNotContain(pids, static pid => Directory.Exists($"/proc/{pid}"));
        data.Delete(recursive: true);
    }

    [Theory]
    [InlineData("0", "--silos is '0'")]
    [InlineData("many", "--silos is 'many'")]
    [InlineData("2", "--port has no value", "--port")]
    [InlineData("2", "a port is 'x'", "--port=x")]
    public async Task What_makes_no_sense_is_refused_in_words(string silos, string reason, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The script is bash's.");
        await using var run = Start(silos, arguments);

        Assert.Equal(2, await run.WaitForExitAsync(Patience, Ct));
        Assert.Contains(reason, run.Output, StringComparison.Ordinal);
    }

    private static ChildProcess Start(int silos, params string[] arguments) => Start(Text(silos), arguments);

    // As the script itself goes on once all is built.
    private static ChildProcess Start(string silos, string[] arguments) => ChildProcess.Start(
        "bash",
        ["-euc", $"engine={EngineHosting.Name} why=tested silo='{Programs.Silo}' partner='{Programs.Partner}' args=(\"$@\"); . deploy/silos.sh; run_silos '{silos}'", "run", .. arguments],
        new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
        Programs.Repository);

    private static async Task<string> CallAsync(HttpClient http, int port)
    {
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/partner/country?code=NL"), Ct);
        return string.Join(", ", answer.Headers.GetValues("Cache-Status"));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
