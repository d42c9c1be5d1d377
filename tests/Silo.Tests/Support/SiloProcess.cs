using System.Globalization;

namespace OrleansCache.Silo.Tests;

/// <summary>The silo's program as a process of its own, on free ports, with a data folder that goes away with it.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    public const string WarmUp = "--OrleansCache:Http:WarmUp";
    private readonly TempFolder _folder = new();
    private readonly List<string> _arguments;
    private readonly Dictionary<string, string?> _environment;
    private ChildProcess? _process;

    private SiloProcess(string[] arguments, Dictionary<string, string?>? environment, int? originPort, string? config)
    {
        (Port, SiloPort) = (FreePort.Next(), FreePort.Next());
        Data = Path.Combine(_folder.FullPath, "data");
        _arguments = ["--port", Text(Port), "--silo-port", Text(SiloPort), .. arguments];
        if (!arguments.Contains("--data"))
            _arguments.AddRange(["--data", Data]);
        if (!arguments.Any(argument => argument.StartsWith(WarmUp, StringComparison.Ordinal)))
            _arguments.Add($"{WarmUp}=false");       // a second of both cores at each start
        if (originPort is { } port)
            _arguments.AddRange(["--no-origin", "--origin-port", Text(port)]);
        if (config is not null)
            _arguments.AddRange(["--config", ConfigFile = _folder.Write("config.json", config)]);
        if (Programs.Silo.Contains("/orleans/", StringComparison.Ordinal))
            _arguments.Add($"--OrleansCache:Silo:ClientPort={FreePort.Next()}");
        _environment = new(environment ?? []);
        Soak.MakeShortLived(_environment);
        _environment.TryAdd("ASPNETCORE_ENVIRONMENT", "Production");
        Http = new(new LostConnectionHandler(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 2_000 })) { BaseAddress = new($"http://127.0.0.1:{Port}/"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public int Port { get; }

    public int SiloPort { get; }

    public string Data { get; }

    /// <summary>The file given with --config; empty without one.</summary>
    public string ConfigFile { get; } = "";

    public HttpClient Http { get; }

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The silo was not started.");

    /// <summary>A silo with a sample origin elsewhere, or none.</summary>
    public static SiloProcess Create(int? originPort = null, string? redis = null, string? config = null, Dictionary<string, string?>? environment = null, params string[] arguments) =>
        new(redis is null ? arguments : ["--redis", redis, .. arguments], environment, originPort, config);

    public static async Task<SiloProcess> StartAsync(int? originPort = null, string? redis = null, string? config = null, Dictionary<string, string?>? environment = null, params string[] arguments)
    {
        var silo = Create(originPort, redis, config, environment, arguments);
        try
        {
            await silo.LaunchAsync();
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, again if need be, and waits until it says that it is ready.</summary>
    public async Task LaunchAsync()
    {
        Begin();
        await Process.WaitForLineAsync("ready: ", TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    /// <summary>Starts it and waits for nothing.</summary>
    /// <param name="by">A program that starts it, and that one's arguments; none starts it as it is.</param>
    public ChildProcess Begin(params string[] by)
    {
        string[] line = [.. by, Programs.DotNet, Programs.Silo, .. _arguments];
        return _process = ChildProcess.Start(line[0], line[1..], _environment, _folder.FullPath);
    }

    /// <summary>SIGKILL, as a crash.</summary>
    public Task KillAsync() => Process.KillAsync();

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(path, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PutAsync(string region, string key, string value, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, $"{EntryPath(region, key)}", new StringContent(value), headers);

    public Task<HttpResponseMessage> DeleteAsync(string region, string key) => Http.DeleteAsync(EntryPath(region, key), TestContext.Current.CancellationToken);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static string EntryPath(string region, string key) => $"api/v1/entries/{Uri.EscapeDataString(region)}/{Uri.EscapeDataString(key)}";

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is { } process)
            await process.DisposeAsync();
        _folder.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
