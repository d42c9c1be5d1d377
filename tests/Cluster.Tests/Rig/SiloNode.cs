using System.Globalization;
using System.Net;

namespace OrleansCache.Cluster;

/// <summary>One silo's program on ports that stay its own over restarts, with a way to Redis that can be disturbed for it alone.</summary>
internal sealed class SiloNode : IAsyncDisposable
{
    private readonly int _index;
    private readonly SiloPlace _place;
    private readonly List<string> _arguments;
    private readonly Disturbances _disturbances;
    private readonly HttpClient _http;
    private ChildProcess? _process;

    public SiloNode(int index, int redisPort, string folder, Disturbances disturbances, IEnumerable<string> settings, SiloPlace place)
    {
        (_index, _disturbances, _place) = (index, disturbances, place);
        Redis = TcpProxy.To(redisPort, place.Network?.Host);
        (Port, SiloPort) = (FreePort.Next(), FreePort.Next());
        var clientPort = FreePort.Next();
        ClientEndPoint = $"{place.Address}:{EngineHosting.ClientPort(new() { Port = SiloPort, ClientPort = clientPort })}";
        _arguments =
        [
            Programs.Silo, "--no-origin", "--redis", Redis.EndPoint, "--port", Text(Port), "--silo-port", Text(SiloPort),
            $"--OrleansCache:Silo:ClientPort={Text(clientPort)}", $"--OrleansCache:Silo:Index={Text(index)}",
            "--data", Path.Combine(folder, $"silo-{index}"), .. place.Settings, .. settings,
        ];
        _http = new() { BaseAddress = new($"http://{place.Address}:{Port}/"), Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Of HTTP.</summary>
    public int Port { get; }

    public int SiloPort { get; }

    /// <summary>Where clients connect.</summary>
    public string ClientEndPoint { get; }

    /// <summary>As the view names it.</summary>
    public string Name => $"{_place.Address}:{SiloPort}";

    /// <summary>Where it runs, with a network of its own.</summary>
    public NetworkPlace Place => _place.Inside ?? throw new InvalidOperationException($"Silo {_index} is on the machine's own network.");

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
    public void Begin() => _process = _place.Start(Programs.DotNet, _arguments);

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

    /// <summary>A call over HTTP, made at this silo; its body is read.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Ready, not degraded, and strict reads are answered.</summary>
    public async Task<bool> IsWellAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
            using var ready = await _http.GetAsync("healthz/ready", limit.Token);
            using var read = await _http.GetAsync("api/v1/entries/well/key", limit.Token);
            return ready.StatusCode == HttpStatusCode.OK && read.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound
                && (await ready.Content.ReadAsStringAsync(limit.Token)).Contains("\"degraded\":false", StringComparison.Ordinal);
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
