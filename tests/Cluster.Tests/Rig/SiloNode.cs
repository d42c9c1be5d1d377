using System.Globalization;
using System.Net;

namespace OrleansCache.Cluster;

/// <summary>One silo's program on ports that stay its own over restarts, with a way to Redis that can be disturbed for it alone.</summary>
internal sealed class SiloNode : IAsyncDisposable
{
    private readonly int _index;
    private readonly List<string> _arguments;
    private readonly Disturbances _disturbances;
    private readonly HttpClient _http;
    private ChildProcess? _process;

    public SiloNode(int index, int redisPort, string folder, Disturbances disturbances, IEnumerable<string> settings)
    {
        (_index, _disturbances) = (index, disturbances);
        Redis = TcpProxy.To(redisPort);
        (Port, SiloPort) = (FreePort.Next(), FreePort.Next());
        var clientPort = FreePort.Next();
        ClientEndPoint = $"127.0.0.1:{EngineHosting.ClientPort(new() { Port = SiloPort, ClientPort = clientPort })}";
        _arguments =
        [
            Programs.Silo, "--no-origin", "--redis", Redis.EndPoint, "--port", Text(Port), "--silo-port", Text(SiloPort),
            $"--OrleansCache:Silo:ClientPort={Text(clientPort)}", $"--OrleansCache:Silo:Index={Text(index)}",
            "--data", Path.Combine(folder, $"silo-{index}"), .. settings,
        ];
        _http = new() { BaseAddress = new($"http://127.0.0.1:{Port}/"), Timeout = TimeSpan.FromSeconds(2) };
    }

    /// <summary>Of HTTP.</summary>
    public int Port { get; }

    public int SiloPort { get; }

    /// <summary>Where clients connect.</summary>
    public string ClientEndPoint { get; }

    /// <summary>Its own way to Redis.</summary>
    public TcpProxy Redis { get; }

    public ChildProcess Process => _process ?? throw new InvalidOperationException($"Silo {_index} was not started.");

    /// <summary>Starts it, again after an end, and waits until it says that it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Begin();
        await Process.WaitForLineAsync("ready: ", TimeSpan.FromSeconds(60), cancellationToken);
    }

    /// <summary>Starts it and waits for nothing.</summary>
    public void Begin() =>
        _process = ChildProcess.Start(Programs.DotNet, _arguments, new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Production" });

    /// <summary>SIGKILL.</summary>
    public Task KillAsync()
    {
        _disturbances.Add($"silo {_index} killed");
        return Process.KillAsync();
    }

    /// <summary>SIGTERM; it leaves by itself.</summary>
    public async Task StopAsync()
    {
        _disturbances.Add($"silo {_index} told to stop");
        Assert.Equal(0, await Process.StopAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>SIGSTOP, and SIGCONT after the time.</summary>
    public async Task PauseAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        _disturbances.Add($"silo {_index} paused");
        Process.Signal(ProcessSignal.Stop);
        await Task.Delay(length, TimeProvider.System, cancellationToken);
        Process.Signal(ProcessSignal.Continue);
        _disturbances.Add($"silo {_index} goes on");
    }

    /// <summary>Ready, not degraded, and strict reads are answered.</summary>
    public async Task<bool> IsWellAsync()
    {
        try
        {
            using var ready = await _http.GetAsync("healthz/ready");
            using var read = await _http.GetAsync("api/v1/entries/well/key");
            return ready.StatusCode == HttpStatusCode.OK && read.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound
                && (await ready.Content.ReadAsStringAsync()).Contains("\"degraded\":false", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync();
        await Redis.DisposeAsync();
        _http.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
