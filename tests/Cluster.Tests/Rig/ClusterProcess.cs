using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
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
    private readonly ClusterOptions _options;

    private readonly TcpProxy? _wayToRedis;       // where clients are in a network of their own

    private ClusterProcess(RedisServer redis, ClusterOptions options) =>
        (Redis, _options, _wayToRedis) = (redis, options, options.Network is { } network ? TcpProxy.To(redis.Port, network.Host) : null);

    public RedisServer Redis { get; }

    public IReadOnlyList<SiloNode> Silos => _silos;

    public Disturbances Disturbances { get; } = new();

    /// <summary>Losses that the checker must allow for.</summary>
    public List<Loss> Losses { get; } = [];

    /// <summary>How clients find the silos: by their ports, on Orleans through Redis.</summary>
    public string ConnectionString => EngineHosting.Name == "orleans" ? $"redis={_wayToRedis?.EndPoint ?? Redis.EndPoint}" : string.Join(',', Silos.Select(s => s.ClientEndPoint));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Starts Redis and silos, which are well when this returns; skips the test where there is no redis-server.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="settings">Of each silo, as <c>--OrleansCache:NAME=VALUE</c>.</param>
    public static Task<ClusterProcess> StartAsync(int silos, params string[] settings) => StartAsync(new ClusterOptions { Silos = silos, Settings = settings });

    /// <inheritdoc cref="StartAsync(int, string[])"/>
    public static async Task<ClusterProcess> StartAsync(ClusterOptions options)
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        var cluster = new ClusterProcess(await RedisServer.StartAsync(options.Redis, Ct), options);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, options.Silos).Select(_ => cluster.Add().StartAsync(Ct)));
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
        var place = new SiloPlace { Environment = _options.Environment(_silos.Count), Network = _options.Network, Inside = _options.Network?.Add() };
        var node = new SiloNode(_silos.Count, Redis.Port, _folder.FullName, Disturbances, _options.Settings, place);
        _silos.Add(node);
        return node;
    }

    /// <summary>Returns once every silo is ready and not degraded.</summary>
    public Task WellAsync() => Eventually.TrueAsync(
        async () => (await Task.WhenAll(Silos.Select(s => s.IsWellAsync()))).All(well => well), TimeSpan.FromSeconds(60), Ct, "all silos are well");

    /// <summary>Starts client processes, and returns when all of them call.</summary>
    /// <param name="count">How many.</param>
    /// <param name="load">What they do.</param>
    /// <param name="place">Where; null for here.</param>
    public async Task StartClientsAsync(int count, Func<LoadOptions, LoadOptions> load, NetworkPlace? place = null)
    {
        var program = typeof(LoadOptions).Assembly.Location;
        var started = Enumerable.Range(_clients.Count + 1, count).Select(number =>
        {
            var options = load(new() { Cluster = ConnectionString, Out = Path.Combine(_folder.FullName, $"history-{number}"), Process = number });
            _histories.Add(options.Out);
            return place is null ? ChildProcess.Start(Programs.DotNet, [program, .. options.ToArguments()]) : place.Start(Programs.DotNet, [program, .. options.ToArguments()]);
        }).ToArray();
        _clients.AddRange(started);
        await Task.WhenAll(started.Select(client => client.WaitForLineAsync("running", cancellationToken: Ct)));
        Disturbances.Add("clients run");
    }

    /// <summary>A client in this process, which knows the silos' view when this returns; the caller stops it.</summary>
    public async Task<IHost> ConnectAsync(Action<OrleansCacheClientOptions>? configure = null)
    {
        var host = await BeginToConnectAsync(configure);
        if (host.Services.GetService<IKnownView>() is { } view)
            await Eventually.TrueAsync(() => view.Number > 0, cancellationToken: Ct);
        return host;
    }

    /// <summary>A client in this process that may not have reached any silo yet; the caller stops it.</summary>
    public async Task<IHost> BeginToConnectAsync(Action<OrleansCacheClientOptions>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:cache"] = ConnectionString });
        builder.AddOrleansCacheClient("cache", configure);
        builder.Services.Configure<HostOptions>(static host => host.StartupTimeout = TimeSpan.FromMinutes(1));
        var host = builder.Build();
        await host.StartAsync(Ct);
        return host;
    }

    /// <summary>Calls of ended clients that went to a silo which did not own the key.</summary>
    public int Refusals => _clients.SelectMany(static client => client.Lines).Where(static line => line.StartsWith("refused ", StringComparison.Ordinal))
        .Sum(static line => int.Parse(line.AsSpan("refused ".Length), CultureInfo.InvariantCulture));

    /// <summary>What clients were told by calls that found no silo or were refused; each text once a client.</summary>
    public IEnumerable<string> Told => _clients.SelectMany(static client => client.Lines).Where(static line => line.StartsWith("told ", StringComparison.Ordinal));

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
        AddLoss(killed, Disturbances.Add("Redis back without its data"));
    }

    /// <summary>FLUSHALL.</summary>
    public async Task FlushRedisAsync()
    {
        var from = Disturbances.Add("FLUSHALL");
        await AskRedisAsync("FLUSHALL");
        AddLoss(from, Disturbances.Add("FLUSHALL done"));
    }

    /// <summary>
    /// The values are gone, once, and once the log of tags: a value with a tag counts as raised, also one that was written in the place of a lost one
    /// before its silo had seen that the log is gone.
    /// </summary>
    private void AddLoss(Disturbance from, Disturbance gone) =>
        Losses.AddRange([new(from.At, gone.At), new(from.At, gone.At + (long)(Runs.AWhile.TotalSeconds * TimeProvider.System.TimestampFrequency))]);

    /// <summary>What Redis answers to a command line, as it comes: some thousand bytes at most.</summary>
    public async Task<string> AskRedisAsync(string command)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Redis.Port, Ct);
        await socket.SendAsync(Encoding.ASCII.GetBytes(command + "\r\n"), Ct);
        var answer = new byte[1 << 14];
        return Encoding.UTF8.GetString(answer, 0, await socket.ReceiveAsync(answer, Ct));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        if (_wayToRedis is { } way)
            await way.DisposeAsync();
        await Redis.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
