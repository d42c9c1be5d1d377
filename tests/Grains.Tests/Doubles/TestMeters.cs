using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansCache.Tests;

/// <summary>Meters of one test, and what was counted on them.</summary>
internal sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _seen = new();

    public TestMeters()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, this))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            for (var i = 0; i < value; i++)
                _seen.Enqueue($"{instrument.Name} {string.Join(" ", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}");
        });
        _listener.Start();
    }

    /// <summary>How often a counter counted with all of these tags, each as <c>name=value</c>.</summary>
    public int Count(string instrument, params string[] tags) =>
        _seen.Count(seen => seen.Split(' ') is var parts && parts[0] == instrument && tags.All(parts.Contains));

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        lock (_meters)
            _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_meters)
            _meters.ForEach(meter => meter.Dispose());
    }
}
