using System.Net;
using System.Net.Sockets;

namespace OrleansCache.Silo.Tests;

/// <summary>A start that cannot succeed says why, with the setting, its value and the way out, and ends with 2.</summary>
public sealed class RefusedStartTests
{
    [Theory]
    [InlineData("OrleansCache:Integrations:partner:RateLimit:PerSecnd", "10", "did you mean 'PerSecond'")]
    [InlineData("OrleansCache:Integrations:partner:Methods:country:FreshFor", "-00:00:30", "'-00:00:30'")]
    [InlineData("OrleansCache:Integrations:partner:RateLimit:PerMinute", "5", "'5'")]
    [InlineData("OrleansCache:Integrations:partner:BaseAddress", "not an address", "'not an address'")]
    [InlineData("OrleansCache:Integrations:dashboard:BaseAddress", "http://localhost:1/", "dashboard")]
    [InlineData("OrleansCache:Regions:r:Coherence", "strong", "'strong'")]
    [InlineData("OrleansCache:Regions:r:Durability", "behind", "'Behind'")]
    [InlineData("OrleansCache:Regons:r:FreshFor", "00:00:01", "did you mean 'Regions'")]
    [InlineData("OrleansCache:Http:Prot", "1", "did you mean 'Port'")]
    [InlineData("OrleansCache:Http:Address", "0.0.0.0", "OrleansCache:Http:AllowAnonymous")]
    [InlineData("OrleansCache:ClusterId", "with space", "'with space'")]
    [InlineData("OrleansCache:Silo:Address", "here", "'here'")]
    [InlineData("OrleansCache:Silo:AdvertisedAddress", "0.0.0.0", "'0.0.0.0'")]
    [InlineData("OrleansCache:Silo:AdvertisedAddress", "silo:11111", "without a port")]
    public async Task A_wrong_setting_is_named(string path, string value, string says)
    {
        await using var silo = SiloProcess.Create(arguments: [$"--{path}={value}"]);

        await RefusedAsync(silo, string.Join(':', path.Split(':').Take(2)), says);
    }

    [Fact]
    public async Task A_broken_configuration_file_is_named()
    {
        await using var silo = SiloProcess.Create(config: "{ \"OrleansCache\": { ");

        await RefusedAsync(silo, silo.ConfigFile);
    }

    [Fact]
    public async Task An_unknown_option_is_named()
    {
        await using var silo = SiloProcess.Create(arguments: ["--prot", "8888"]);

        await RefusedAsync(silo, "--prot", "--port");
    }

    [Fact]
    public async Task A_taken_HTTP_port_is_named_with_its_option()
    {
        await using var silo = SiloProcess.Create();
        using var other = Listen(silo.Port);

        await RefusedAsync(silo, $"{silo.Port}", "--port");
    }

    [Fact]
    public async Task A_taken_silo_port_is_named_with_its_option()
    {
        await using var silo = SiloProcess.Create();
        using var other = Listen(silo.SiloPort);

        await RefusedAsync(silo, $"{silo.SiloPort}", "--silo-port");
    }

    [Fact]
    public async Task A_taken_origin_port_is_named_with_its_option()
    {
        var port = FreePort.Next();
        using var other = Listen(port);
        await using var silo = SiloProcess.Create(environment: new() { ["ASPNETCORE_ENVIRONMENT"] = "Development" }, arguments: ["--origin-port", $"{port}"]);

        await RefusedAsync(silo, $"{port}", "--origin-port");
    }

    [Fact]
    public async Task A_data_folder_that_another_silo_has_is_named()
    {
        await using var first = await SiloProcess.StartAsync();
        await using var second = SiloProcess.Create(arguments: ["--data", first.Data]);

        await RefusedAsync(second, first.Data, $"{first.Process.Pid}", "--data");
        using var still = await first.GetAsync("healthz/ready");
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_is_named()
    {
        using var folder = new TempFolder();
        var file = folder.Write("file", "");
        await using var silo = SiloProcess.Create(arguments: ["--data", file]);

        await RefusedAsync(silo, file, "--data");
    }

    [Fact]
    public async Task A_Redis_that_does_not_answer_is_named_after_10_seconds()
    {
        var port = FreePort.Next();
        await using var silo = SiloProcess.Create(redis: $"127.0.0.1:{port}");
        var clock = TimeProvider.System;
        var begun = clock.GetTimestamp();

        await RefusedAsync(silo, $"127.0.0.1:{port}");

        Assert.InRange(clock.GetElapsedTime(begun), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(25));
        Assert.InRange(silo.Process.Lines.Count(line => line.Contains("is not connected", StringComparison.Ordinal)), 0, 1);
    }

    [Fact]
    public async Task A_Redis_that_cannot_be_meant_is_named()
    {
        await using var silo = SiloProcess.Create(redis: "nohost:abc:1");

        await RefusedAsync(silo, "nohost:abc:1", "--redis");
    }

    [Fact]
    public async Task A_silo_on_loopback_that_joins_those_of_another_machine_names_both()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        Assert.SkipUnless(ChildProcess.Find("unshare") is not null && Environment.IsPrivilegedProcess, "Another machine's name needs root and the program unshare.");
        await using var redis = await RedisServer.StartAsync(new(), TestContext.Current.CancellationToken);
        await using var first = await SiloProcess.StartAsync(redis: redis.EndPoint);
        await using var second = SiloProcess.Create(redis: redis.EndPoint);

        await RefusedAsync(second, second.Begin("unshare", "-u", "sh", "-c", "hostname elsewhere && exec \"$@\"", "sh"), $"127.0.0.1:{first.SiloPort}", "elsewhere", "OrleansCache:Silo:AdvertisedAddress");

        using var still = await first.GetAsync("healthz/ready");
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_named()
    {
        await using var silo = SiloProcess.Create(arguments: ["--OrleansCache:Http:Address=192.0.2.1", "--OrleansCache:Http:AllowAnonymous=true"]);

        await RefusedAsync(silo, "192.0.2.1", "no such address");
    }

    [Fact]
    public async Task Invariant_globalization_is_refused_with_what_to_install()
    {
        await using var silo = SiloProcess.Create(environment: new() { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" });

        await RefusedAsync(silo, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "ICU");
    }

    [Fact]
    public async Task A_system_without_ICU_is_refused_with_what_to_install()
    {
        var ct = TestContext.Current.CancellationToken;
        var loaded = OperatingSystem.IsLinux() ? await File.ReadAllLinesAsync("/proc/self/maps", ct) : [];
        var icu = loaded.Where(line => line.Contains("/libicuuc.so", StringComparison.Ordinal)).Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..]).FirstOrDefault();
        Assert.SkipWhen(icu is null || ChildProcess.Find("unshare") is null, "A system can be shown without ICU on Linux only.");
        await using var mayMount = ChildProcess.Start("unshare", ["-m", "mount", "--bind", "/dev/null", icu!]);
        Assert.SkipUnless(await mayMount.WaitForExitAsync(cancellationToken: ct) == 0, "This user may not hide a file from a process.");

        await using var process = ChildProcess.Start("unshare", ["-m", "sh", "-c", "mount --bind /dev/null \"$0\" && exec \"$@\"", icu!, Programs.DotNet, Programs.Silo, "--help"]);

        Assert.Equal(2, await process.WaitForExitAsync(cancellationToken: ct));
        Assert.StartsWith("silo: ICU is not on this system", Assert.Single(process.Lines), StringComparison.Ordinal);
        Assert.Contains("libicu", process.Output, StringComparison.Ordinal);
    }

    private static Task RefusedAsync(SiloProcess silo, params string[] says) => RefusedAsync(silo, silo.Begin(), says);

    private static async Task RefusedAsync(SiloProcess silo, ChildProcess process, params string[] says)
    {
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.True(code == 2, $"exit code {code}:\n{process.Output}");
        Assert.All(says, text => Assert.Contains(text, process.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\wException", process.Output);      // the name of one
        Assert.DoesNotContain(process.Lines, line => line.StartsWith("ready", StringComparison.Ordinal));
    }

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }
}
