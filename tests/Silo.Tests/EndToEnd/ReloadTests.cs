namespace OrleansCache.Silo.Tests;

/// <summary>The file of --config, changed while the silo runs.</summary>
public sealed class ReloadTests
{
    private const string Config = """{ "OrleansCache": { "Integrations": { "mine": { "BaseAddress": "http://127.0.0.1:1/", "Methods": { "m": { "Get": "m" } } } } } }""";

    [Fact]
    public async Task A_file_that_is_broken_or_gone_is_told_and_what_it_said_stays()
    {
        await using var silo = await SiloProcess.StartAsync(config: Config, arguments: ["--no-origin"]);
        var ct = TestContext.Current.CancellationToken;

        await File.WriteAllTextAsync(silo.ConfigFile, "{", ct);
        await silo.Process.WaitForLineAsync("[1201] A changed configuration is not taken, the old one stays: " + silo.ConfigFile + " cannot be read", cancellationToken: ct);
        await KnowsMineAsync(silo);

        File.Delete(silo.ConfigFile);
        await silo.Process.WaitForLineAsync(silo.ConfigFile + " is gone", cancellationToken: ct);
        await KnowsMineAsync(silo);

        await File.WriteAllTextAsync(silo.ConfigFile, Config.Replace("mine", "yours", StringComparison.Ordinal), ct);
        await silo.Process.WaitForLineAsync("[1202] ", cancellationToken: ct);
        using var other = await silo.GetAsync("mine/m");
        await other.ProblemAsync(404, "unknown-integration");
    }

    private static async Task KnowsMineAsync(SiloProcess silo)
    {
        using var answer = await silo.GetAsync("mine/no-method");
        await answer.ProblemAsync(404, "unknown-method");
    }
}
