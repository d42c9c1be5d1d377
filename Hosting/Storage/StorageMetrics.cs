using System.Diagnostics.Metrics;

namespace OrleansCache;

/// <summary>Counts what the entry store is asked, and how long it takes.</summary>
internal sealed class StorageMetrics
{
    public const string MeterName = "OrleansCache.Storage";
    private readonly Counter<long> _operations;
    private readonly Histogram<double> _duration;
    private readonly TimeProvider _time;

    public StorageMetrics(IMeterFactory meters, TimeProvider time)
    {
        var meter = meters.Create(MeterName);
        _operations = meter.CreateCounter<long>("orleanscache.store.operations", "{operation}", "Reads and writes of the entry store, by outcome.");
        _duration = meter.CreateHistogram<double>("orleanscache.store.duration", "s", "Time that the entry store took.");
        _time = time;
    }

    /// <summary>When an operation began; 0 when nobody listens.</summary>
    public long Begin() => _duration.Enabled ? _time.GetTimestamp() : 0;

    /// <param name="operation"><c>read</c> or <c>write</c>.</param>
    /// <param name="outcome"><c>found</c>, <c>absent</c>, <c>written</c>, <c>refused</c>, <c>damaged</c> or <c>unavailable</c>.</param>
    /// <param name="begun">From <see cref="Begin"/>.</param>
    public void End(string operation, string outcome, long begun)
    {
        _operations.Add(1, new("store.operation", operation), new KeyValuePair<string, object?>("store.outcome", outcome));
        if (begun != 0)
            _duration.Record(_time.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("store.operation", operation));
    }
}
