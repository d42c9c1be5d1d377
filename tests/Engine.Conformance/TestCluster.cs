using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

[assembly: AssemblyFixture(typeof(OrleansCache.Clusters))]

namespace OrleansCache;

public sealed record TestClusterSettings(bool Chaos = false)
{
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan CollectionAge { get; init; } = TimeSpan.FromMinutes(15);

    internal static void SiloServices(IServiceCollection services)
    {
        services.AddSingleton<Journal>();
        services.AddKeyedSingleton<IGrainStorage, TestStorage>("test");
    }
}

public sealed partial class TestCluster : IAsyncDisposable
{
    private IHost _silo = null!;
    private IHost _client = null!;

    /// <summary>The client in a host of its own, over TCP.</summary>
    public IClusterClient Client => _client.Services.GetRequiredService<IClusterClient>();

    /// <summary>The client in the silo's host.</summary>
    public IClusterClient Hosted => _silo.Services.GetRequiredService<IClusterClient>();

    /// <summary>What the grains of this cluster wrote down.</summary>
    public Journal Journal => _silo.Services.GetRequiredService<Journal>();

    public static async Task<TestCluster> StartAsync(TestClusterSettings settings)
    {
        var (silo, client) = await StartHostsAsync(settings);
        return new TestCluster { _silo = silo, _client = client };
    }

    public async ValueTask DisposeAsync()
    {
        await _client.StopAsync();
        _client.Dispose();
        await _silo.StopAsync();
        _silo.Dispose();
    }
}

/// <summary>The clusters that tests share, each started by the first test that asks.</summary>
public sealed class Clusters : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<TestClusterSettings, TestCluster> _started = [];

    public Task<TestCluster> GetAsync(Mode mode) => GetAsync(new TestClusterSettings(mode == Mode.Chaos));

    public async Task<TestCluster> GetAsync(TestClusterSettings settings)
    {
        await _gate.WaitAsync();
        try
        {
            return _started.TryGetValue(settings, out var cluster) ? cluster : _started[settings] = await TestCluster.StartAsync(settings);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in _started.Values)
            await cluster.DisposeAsync();
        _gate.Dispose();
    }
}

public enum Mode { Plain, Chaos }

/// <summary>Where a call comes from, and whether there is trouble on purpose.</summary>
public abstract class ConformanceTests(Clusters clusters)
{
    private static int s_keys;

    public static TheoryData<Mode> Modes => TestCluster.HasChaos ? [Mode.Plain, Mode.Chaos] : [Mode.Plain];

    public static MatrixTheoryData<Mode, bool> Everywhere => new(TestCluster.HasChaos ? [Mode.Plain, Mode.Chaos] : [Mode.Plain], [true, false]);

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected Clusters Clusters => clusters;

    protected static string NewKey() => $"{TestContext.Current.TestMethod?.MethodName}-{Interlocked.Increment(ref s_keys)}";

    internal async Task<T> GrainAsync<T>(Mode mode, bool outside = true, string? key = null) where T : IGrainWithStringKey
    {
        var cluster = await clusters.GetAsync(mode);
        return (outside ? cluster.Client : cluster.Hosted).GetGrain<T>(key ?? NewKey());
    }

    /// <summary>Waits for a condition; a generous deadline, no fixed sleep.</summary>
    protected static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(begin) > TimeSpan.FromSeconds(30))
                Assert.Fail($"This did not happen within 30 s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Ct);
        }
    }
}

/// <summary>Notes of grains, by key, in order.</summary>
public sealed class Journal
{
    private readonly Dictionary<string, List<string>> _notes = [];

    /// <summary>The first grain of each key, as long as something else holds it.</summary>
    public ConcurrentDictionary<string, WeakReference> FirstLives { get; } = [];

    public void Note(string key, string what)
    {
        lock (_notes)
            (_notes.TryGetValue(key, out var notes) ? notes : _notes[key] = []).Add(what);
    }

    public string[] Of(string key)
    {
        lock (_notes)
            return _notes.TryGetValue(key, out var notes) ? [.. notes] : [];
    }
}
