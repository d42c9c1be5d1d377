using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Fakes;

/// <summary>A cluster of scripted grains, and a client of it on a clock driven by hand.</summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    public static CacheKey Key { get; } = CacheKey.Of("r", "k");

    private readonly ConcurrentDictionary<string, FakeEntry> _entries = new();
    private readonly ServiceProvider _services;

    public FakeCluster(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton(GrainsByKey.Of<IGrainFactory>(GrainOf));
        configure?.Invoke(services);
        services.AddCacheClientCore();
        _services = services.BuildServiceProvider();
    }

    public ManualTimeProvider Clock { get; } = new();
    public FakeCatalog Catalog { get; } = new();
    public FakeTags Tags { get; } = new();
    public FakeLimiter Limiter { get; } = new();
    public FakeProofs Proofs { get; } = new();
    public FakeWriter Writer { get; } = new();
    public FakeBatches Batches { get; } = new();
    public FakeEntry Entry => EntryOf(Key);
    public IOrleansCache Cache => _services.GetRequiredService<IOrleansCache>();
    public IRawCache Raw => _services.GetRequiredService<IRawCache>();
    public FlightTable Flights => _services.GetRequiredService<FlightTable>();

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public FakeEntry EntryOf(CacheKey key) => _entries.GetOrAdd(key.GrainKey, static _ => new());

    private object GrainOf(Type grain, string key) =>
        grain == typeof(IEntryGrain) ? _entries.GetOrAdd(key, static _ => new())
        : grain == typeof(ICatalogGrain) ? Catalog.Of(key)
        : grain == typeof(IRateLimiterGrain) ? Limiter.Of(key)
        : grain == typeof(IBatchGrain) ? Batches
        : grain == typeof(ISiloProofGrain) ? Proofs.Of(key)
        : grain == typeof(IOriginWriterGrain) ? Writer
        : Tags;

    /// <summary>Moves the clock on whenever something waits for it, until the task is done.</summary>
    public async Task<T> DriveAsync<T>(ValueTask<T> task, TimeSpan? step = null)
    {
        var running = task.AsTask();
        await Eventually.TrueAsync(() =>
        {
            if (!running.IsCompleted && Clock.ActiveTimers > 0)
                Clock.Advance(step ?? TimeSpan.FromMilliseconds(100));
            return running.IsCompleted;
        });
        return await running;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>Remembers what was raised.</summary>
internal sealed class FakeTags : ITagGrain
{
    public List<ImmutableArray<string>> Raised { get; } = [];

    public Func<string, WatchRequest, ValueTask<WatchReply>> OnWatch { get; set; } = static (_, _) => throw new NotSupportedException();

    public ValueTask<WatchReply> WatchAsync(string tag, WatchRequest request) => OnWatch(tag, request);

    public Exception? Fault { get; set; }

    public ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken = default)
    {
        if (Fault is { } fault)
            throw fault;
        Raised.Add(tags);
        return new(Raised.Count);
    }
}
