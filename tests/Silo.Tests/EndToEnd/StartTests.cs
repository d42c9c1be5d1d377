using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace OrleansCache.Silo.Tests;

/// <summary>What a newcomer sees: one command, a line that says ready, two calls, an end.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task In_Development_the_silo_brings_its_origin_and_ends_it()
    {
        var originPort = FreePort.Next();
        await using var silo = await SiloProcess.StartAsync(
            environment: new() { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ORLEANSCACHE_ENGINE_WHY"] = "because of the test" },
            arguments: ["--origin-port", $"{originPort}"]);

        using var first = await silo.GetAsync("partner/country?code=NL");
        using var second = await silo.GetAsync("partner/country?code=NL");
        using var ready = await silo.GetAsync("healthz/ready");

        Assert.Equal("OrleansCache; fwd=miss; stored", first.CacheStatus());
        Assert.StartsWith("OrleansCache; hit; ttl=", second.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal(await first.TextAsync(), await second.TextAsync());
        Assert.Contains("Netherlands", await first.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("because of the test", silo.Process.Output, StringComparison.Ordinal);
        Assert.Contains($"ready: http://127.0.0.1:{silo.Port}", silo.Process.Lines);
        Assert.Equal($"{silo.Process.Pid}", (await File.ReadAllTextAsync(Path.Combine(silo.Data, "silo-0.pid"), TestContext.Current.CancellationToken)).Trim());

        Assert.Equal(0, await silo.Process.StopAsync());
        Assert.False(File.Exists(Path.Combine(silo.Data, "silo-0.pid")));
        await Eventually.TrueAsync(() => !Listens(originPort), cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_killed_silo_takes_its_origin_along()
    {
        var originPort = FreePort.Next();
        await using var silo = await SiloProcess.StartAsync(environment: new() { ["ASPNETCORE_ENVIRONMENT"] = "Development" }, arguments: ["--origin-port", $"{originPort}"]);

        await silo.KillAsync();

        await Eventually.TrueAsync(() => !Listens(originPort), cancellationToken: TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(ProcessSignal.Terminate)]
    [InlineData(ProcessSignal.Interrupt)]
    public async Task A_signal_ends_it_with_0_quickly_though_callers_wait(ProcessSignal signal)
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 60_000);
        await using var silo = await SiloProcess.StartAsync(origin.Port);
        using var idle = new TcpClient();
        await idle.ConnectAsync(IPAddress.Loopback, silo.Port, TestContext.Current.CancellationToken);
        var waiting = silo.GetAsync("partner/country?code=NL");
        await Eventually.TrueAsync(async () => await origin.CallsAsync("/countries/NL") > 0, cancellationToken: TestContext.Current.CancellationToken);

        var clock = TimeProvider.System;
        var begun = clock.GetTimestamp();
        silo.Process.Signal(signal);

        Assert.Equal(0, await silo.Process.WaitForExitAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.InRange(clock.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(6));
        using var answer = await waiting;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task What_it_warms_up_with_leaves_nothing_behind()
    {
        await using var silo = await SiloProcess.StartAsync(
            environment: new() { ["Logging__LogLevel__OrleansCache"] = "Debug", [Soak.CompilesAfter] = null }, arguments: [$"{SiloProcess.WarmUp}=true"]);

        using var data = await silo.GetAsync("dashboard/data");
        using var after = await silo.GetAsync($"{WarmUpIntegration.Name}/{WarmUpIntegration.Method}?round=0.1");

        Assert.Matches("The silo warmed up for ([0-9]+ ms, with [1-9][0-9]*|[0-9]{4,} ms, with 0) loads", silo.Process.Output);      // or its two seconds were up
        Assert.DoesNotContain("could not call itself", silo.Process.Output, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
        Assert.DoesNotContain(WarmUpIntegration.Name, await data.TextAsync(), StringComparison.Ordinal);
        var totals = JsonDocument.Parse(await data.TextAsync()).RootElement.GetProperty("totals");
        Assert.Equal((0, 0, 0), (totals.GetProperty("reads").GetInt32(), totals.GetProperty("entries").GetInt32(), totals.GetProperty("originCalls").GetInt32()));
        Assert.Equal(JsonValueKind.Null, totals.GetProperty("p50Milliseconds").ValueKind);
        Assert.Equal(0, await silo.Process.StopAsync());
    }

    [Fact]
    public async Task Told_not_to_it_does_not_warm_up()
    {
        await using var silo = await SiloProcess.StartAsync(
            environment: new() { ["Logging__LogLevel__OrleansCache"] = "Debug" }, arguments: [$"{SiloProcess.WarmUp}=false"]);

        Assert.DoesNotContain("warm", silo.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_the_options_and_ends_with_0()
    {
        await using var help = ChildProcess.Start(Programs.DotNet, [Programs.Silo, "--help"]);

        Assert.Equal(0, await help.WaitForExitAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("--redis HOST:PORT", help.Output, StringComparison.Ordinal);
    }

    private static bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
