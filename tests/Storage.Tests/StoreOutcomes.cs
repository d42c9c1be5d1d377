using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansCache.Storage.Tests;

/// <summary>What a store counted, in order, each as operation and outcome.</summary>
internal sealed class StoreOutcomes : IDisposable
{
    private readonly ConcurrentQueue<string> _counted = [];
    private readonly MeterListener _listener = new();

    public StoreOutcomes(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "orleanscache.store.operations" && ReferenceEquals(instrument.Meter.Scope, meters))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _counted.Enqueue($"{tags[0].Value} {tags[1].Value}"));
        _listener.Start();
    }

    public IEnumerable<string> Counted => _counted;

    public void Dispose() => _listener.Dispose();
}
