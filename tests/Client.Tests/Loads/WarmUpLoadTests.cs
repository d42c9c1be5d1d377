using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansCache.Cluster;
using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Loads;

/// <summary>A client loads a key of its own when it has started, so that its first caller finds compiled code.</summary>
public sealed class WarmUpLoadTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_starts_loads_a_key_of_its_own_and_no_count_has_it()
    {
        using var counts = new Counts();
        await using var silo = new OneSilo();
        var owner = await silo.StartAsync();

        var client = await silo.ConnectedAsync();
        await Eventually.TrueAsync(() => Entries(owner) == 1, cancellationToken: Ct);
        await client.Services.GetServices<IHostedService>().OfType<WarmUpLoad>().Single().ExecuteTask!.WaitAsync(Eventually.Deadline, Ct);

        Assert.Equal((0, 0), (counts.Of(owner), counts.Of(client)));
        await client.Services.GetRequiredService<IOrleansCache>().GetAsync<string>(CacheKey.Of("r", "k"), Ct);
        Assert.Equal((1, 1), (counts.Of(owner), counts.Of(client)));
    }

    [Fact]
    public async Task It_does_not_where_that_is_switched_off()
    {
        await using var silo = new OneSilo();
        var owner = await silo.StartAsync();

        var client = await silo.ConnectedAsync(static options => options.WarmUp = false);
        await client.Services.GetServices<IHostedService>().OfType<WarmUpLoad>().Single().ExecuteTask!.WaitAsync(Eventually.Deadline, Ct);

        Assert.Equal(0, Entries(owner));
    }

    [Fact]
    public async Task It_waits_until_a_silo_is_in_touch_and_no_longer_than_its_client_runs()
    {
        await using var cluster = new FakeCluster();
        var view = new LearnedView();
        using var loads = new WarmUpLoad(cluster.Get<OrleansCacheClient>(), new(), view, Options.Create(new OrleansCacheClientOptions()), cluster.Clock);
        using var ended = new WarmUpLoad(cluster.Get<OrleansCacheClient>(), new(), view, Options.Create(new OrleansCacheClientOptions()), cluster.Clock);
        await loads.StartAsync(Ct);
        await ended.StartAsync(Ct);
        await Eventually.TrueAsync(() => cluster.Clock.ActiveTimers == 2, cancellationToken: Ct);

        await ended.StopAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
        Assert.False(loads.ExecuteTask!.IsCompleted);
        view.IsInTouch = true;
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(250));

        await loads.ExecuteTask.WaitAsync(Eventually.Deadline, Ct);
    }

    private static long Entries(IHost silo) => silo.Services.GetRequiredService<EntryMemory>().Entries;

    /// <summary>Reads that were counted, by process.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly ConcurrentQueue<object?> _reads = new();
        private readonly MeterListener _listener = new();

        public Counts()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name is "orleanscache.read.duration" or "orleanscache.entry.reads")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => _reads.Enqueue(instrument.Meter.Scope));
            _listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => _reads.Enqueue(instrument.Meter.Scope));
            _listener.Start();
        }

        public int Of(IHost host) => _reads.Count(scope => ReferenceEquals(scope, host.Services.GetRequiredService<IMeterFactory>()));

        public void Dispose() => _listener.Dispose();
    }
}
