using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCache.Silo.Tests;

/// <summary>The sample origin as a process of its own.</summary>
internal sealed class PartnerProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private PartnerProcess(ChildProcess process, int port)
    {
        (_process, Port) = (process, port);
        Http = new() { BaseAddress = new($"http://127.0.0.1:{port}/") };
    }

    public int Port { get; }

    public HttpClient Http { get; }

    public static async Task<PartnerProcess> StartAsync(int delayMs = 300, int limit = 1_000_000, int windowMs = 900, int? port = null)
    {
        var listens = port ?? FreePort.Next();
        var process = ChildProcess.Start(
            Programs.DotNet,
            [Programs.Partner, .. Option("--port", listens), .. Option("--delay-ms", delayMs), .. Option("--limit", limit), .. Option("--window-ms", windowMs), .. Option("--parent-pid", Environment.ProcessId)]);
        await process.WaitForLineAsync("partner: http", cancellationToken: TestContext.Current.CancellationToken);
        return new(process, listens);
    }

    /// <summary>How often a path was called, refused and failed calls included.</summary>
    public async Task<int> CallsAsync(string path) => (int?)(await AllCallsAsync())[path]?["count"] ?? 0;

    /// <summary>When any path was called, in order.</summary>
    public async Task<DateTimeOffset[]> TimesAsync() =>
        [.. (await AllCallsAsync()).AsObject().SelectMany(path => path.Value!["times"]!.AsArray()).Select(time => DateTimeOffset.Parse((string)time!, CultureInfo.InvariantCulture)).Order()];

    public async Task<JsonNode> AllCallsAsync() => JsonNode.Parse(await Http.GetStringAsync("calls", TestContext.Current.CancellationToken))!;

    public async Task FailAsync(string status) => (await Http.PostAsync($"failure?status={status}", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode().Dispose();

    public async Task HealAsync() => (await Http.DeleteAsync("failure", TestContext.Current.CancellationToken)).EnsureSuccessStatusCode().Dispose();

    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }

    private static string[] Option(string name, int value) => [name, value.ToString(CultureInfo.InvariantCulture)];
}
