using System.Diagnostics;
using System.Globalization;
using OrleansCache.TestSupport;

namespace OrleansCache.Samples;

public sealed class ProcessTests
{
    private static readonly string Program = typeof(PartnerApp).Assembly.Location;

    [Theory]
    [InlineData(ProcessSignal.Terminate)]
    [InlineData(ProcessSignal.Interrupt)]
    public async Task A_signal_ends_the_origin_with_0_though_calls_hang(ProcessSignal signal)
    {
        await using var origin = Start("--port", "0");
        using var http = new HttpClient { BaseAddress = await ReadyAsync(origin) };
        using var on = await http.PostAsync("/failure?status=hang", null, TestContext.Current.CancellationToken);
        var hanging = http.GetAsync("/countries/NL", TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(
            async () => (await http.GetStringAsync("/calls", TestContext.Current.CancellationToken)).Contains("NL", StringComparison.Ordinal),
            cancellationToken: TestContext.Current.CancellationToken);

        origin.Signal(signal);

        Assert.Equal(0, await origin.WaitForExitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<HttpRequestException>(() => hanging);
    }

    [Fact]
    public async Task The_origin_ends_when_its_parent_is_killed()
    {
        Assert.SkipWhen(ChildProcess.Find("sleep") is null, "no program 'sleep' to be the parent");
        await using var parent = ChildProcess.Start("sleep", ["600"]);
        await using var origin = Start("--port", "0", "--parent-pid", parent.Pid.ToString(CultureInfo.InvariantCulture));
        await ReadyAsync(origin);

        await parent.KillAsync();

        Assert.Equal(0, await origin.WaitForExitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_killed_parent_that_nobody_asked_for_yet_is_gone_too()
    {
        Assert.SkipWhen(ChildProcess.Find("sh") is null || ChildProcess.Find("sleep") is null, "no programs 'sh' and 'sleep' to leave a zombie");
        await using var careless = ChildProcess.Start("sh", ["-c", "sleep 600 & echo pid $!; exec sleep 600"]);
        var pid = (await careless.WaitForLineAsync("pid ", cancellationToken: TestContext.Current.CancellationToken))["pid ".Length..];
        using var parent = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
        await using var origin = Start("--port", "0", "--parent-pid", pid);
        await ReadyAsync(origin);

        parent.Kill();

        Assert.Equal(0, await origin.WaitForExitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_port_in_use_is_refused_with_2()
    {
        await using var first = Start("--port", "0");
        var port = (await ReadyAsync(first)).Port.ToString(CultureInfo.InvariantCulture);

        await using var second = Start("--port", port);

        Assert.Equal(2, await second.WaitForExitAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains($"--port is {port}", second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--delay-ms is \"slow\"", "--delay-ms", "slow")]
    [InlineData("--parent-pid is 2147483647", "--parent-pid", "2147483647")]
    public async Task A_wrong_option_is_refused_with_2(string expected, params string[] args)
    {
        await using var origin = Start(args);

        Assert.Equal(2, await origin.WaitForExitAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains(expected, origin.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invariant_globalization_is_refused_with_2()
    {
        var ordinary = Path.ChangeExtension(Program, ".runtimeconfig.json");
        var invariant = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.runtimeconfig.json");
        var settings = await File.ReadAllTextAsync(ordinary, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            invariant,
            settings.Replace("\"System.Globalization.Invariant\": false", "\"System.Globalization.Invariant\": true", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        try
        {
            await using var origin = ChildProcess.Start("dotnet", ["exec", "--runtimeconfig", invariant, Program, "--port", "0"]);

            Assert.Equal(2, await origin.WaitForExitAsync(cancellationToken: TestContext.Current.CancellationToken));
            Assert.Contains("invariant globalization is on", origin.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(invariant);
        }
    }

    private static ChildProcess Start(params string[] args) => ChildProcess.Start("dotnet", [Program, .. args]);

    private static async Task<Uri> ReadyAsync(ChildProcess origin)
    {
        var line = await origin.WaitForLineAsync("partner: http", cancellationToken: TestContext.Current.CancellationToken);
        return new Uri(line["partner: ".Length..]);
    }
}
