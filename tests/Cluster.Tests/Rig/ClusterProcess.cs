using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCache.Cluster;

/// <summary>Silos, clients and a redis-server, each a process of its own, and what may befall them.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oc-cluster-");
    private readonly List<ChildProcess> _clients = [];
    private readonly List<string> _histories = [];
    private readonly List<SiloNode> _silos = [];
    private readonly string[] _settings;

    private ClusterProcess(RedisServer redis, string[] settings) => (Redis, _settings) = (redis, settings);

    public RedisServer Redis { get; }

    public IReadOnlyList<SiloNode> Silos => _silos;

    public Disturbances Disturbances { get; } = new();

    /// <summary>Losses that the checker must allow for.</summary>
    public List<Loss> Losses { get; } = [];

    /// <summary>How clients find the silos: by their ports, on Orleans through Redis.</summary>
    public string ConnectionString => EngineHosting.Name == "orleans" ? $"redis={Redis.EndPoint}" : string.Join(',', Silos.Select(s => s.ClientEndPoint));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Starts Redis and silos, which are well when this returns; skips the test where there is no redis-server.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="settings">Of each silo, as <c>--OrleansCache:NAME=VALUE</c>.</param>
    public static async Task<ClusterProcess> StartAsync(int silos, params string[] settings)
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        var cluster = new ClusterProcess(await RedisServer.StartAsync(new() { AppendOnly = true, Arguments = ["--maxmemory-policy", "noeviction"] }, Ct), settings);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => cluster.Add().StartAsync(Ct)));
            await cluster.WellAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One silo more, not started.</summary>
    public SiloNode Add()
    {
        var node = new SiloNode(_silos.Count, Redis.Port, _folder.FullName, Disturbances, _settings);
        _silos.Add(node);
        return node;
    }

    /// <summary>Returns once every silo is ready and not degraded.</summary>
    public Task WellAsync() => Eventually.TrueAsync(
        async () => (await Task.WhenAll(Silos.Select(s => s.IsWellAsync()))).All(well => well), TimeSpan.FromSeconds(60), Ct, "all silos are well");

    /// <summary>Starts client processes, and returns when all of them call.</summary>
    public async Task StartClientsAsync(int count, Func<LoadOptions, LoadOptions> load)
    {
        var program = typeof(LoadOptions).Assembly.Location;
        var started = Enumerable.Range(_clients.Count + 1, count).Select(number =>
        {
            var options = load(new() { Cluster = ConnectionString, Out = Path.Combine(_folder.FullName, $"history-{number}"), Process = number });
            _histories.Add(options.Out);
            return ChildProcess.Start(Programs.DotNet, [program, .. options.ToArguments()]);
        }).ToArray();
        _clients.AddRange(started);
        await Task.WhenAll(started.Select(client => client.WaitForLineAsync("running", cancellationToken: Ct)));
        Disturbances.Add("clients run");
    }

    /// <summary>A client in this process, which knows the silos' view when this returns; the caller stops it.</summary>
    public async Task<IHost> ConnectAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:cache"] = ConnectionString });
        builder.AddOrleansCacheClient("cache");
        var host = builder.Build();
        await host.StartAsync(Ct);
        if (host.Services.GetService<IKnownView>() is { } view)
            await Eventually.TrueAsync(() => view.Number > 0, cancellationToken: Ct);
        return host;
    }

    /// <summary>Calls of ended clients that went to a silo which did not own the key.</summary>
    public int Refusals => _clients.SelectMany(static client => client.Lines).Where(static line => line.StartsWith("refused ", StringComparison.Ordinal))
        .Sum(static line => int.Parse(line.AsSpan("refused ".Length), CultureInfo.InvariantCulture));

    /// <summary>Lets every call end, and gives what they recorded.</summary>
    public async Task<History> StopClientsAsync()
    {
        Disturbances.Add("clients told to stop");
        foreach (var client in _clients)
            client.Signal(ProcessSignal.Terminate);
        foreach (var client in _clients)
            await client.WaitForExitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.All(_clients, client => Assert.True(client.ExitCode == 0 && !client.Output.Contains("unexpected", StringComparison.Ordinal), client.Output));
        return History.Read(_histories);
    }

    /// <summary>SIGKILL to Redis, and a start with what its file has.</summary>
    public async Task RestartRedisAsync(TimeSpan after)
    {
        Disturbances.Add("Redis killed");
        await Redis.KillAsync();
        await Task.Delay(after, TimeProvider.System, Ct);
        await Redis.RestartAsync(Ct);
        Disturbances.Add("Redis back");
    }

    /// <summary>SIGKILL to Redis, and a start with nothing.</summary>
    public async Task RestartRedisEmptyAsync(TimeSpan after)
    {
        var killed = Disturbances.Add("Redis killed");
        await Redis.KillAsync();
        foreach (var kept in Directory.EnumerateDirectories(Redis.Directory))
            Directory.Delete(kept, recursive: true);
        await Task.Delay(after, TimeProvider.System, Ct);
        await Redis.RestartAsync(Ct);
        Losses.Add(new(killed.At, Disturbances.Add("Redis back without its data").At));
    }

    /// <summary>FLUSHALL.</summary>
    public async Task FlushRedisAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Redis.Port, Ct);
        var from = Disturbances.Add("FLUSHALL");
        await socket.SendAsync("FLUSHALL\r\n"u8.ToArray(), Ct);
        await socket.ReceiveAsync(new byte[64], Ct);
        Losses.Add(new(from.At, Disturbances.Add("FLUSHALL done").At));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        await Redis.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
