using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansCache;

/// <summary>What this silo did since it started, taken from its own metrics: nothing is counted twice for the dashboard.</summary>
internal sealed class SiloStatistics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly TimeProvider _clock;
    private readonly Counts _all = new();
    private readonly ConcurrentDictionary<string, Counts> _byIntegration = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LastError> _errors = new(StringComparer.Ordinal);
    private long _entries;
    private long _bytes;

    public SiloStatistics(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        Latency = new(clock);
        StartedAt = clock.GetUtcNow();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // A factory's meters carry it as their scope: another host in this process is not ours to count.
            if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name.StartsWith("orleanscache.", StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            if (instrument.Name == "orleanscache.read.duration")
                Latency.Add(value);
        });
        _listener.Start();
    }

    /// <summary>Of reads through this process, over the last minute.</summary>
    public LatencyWindow Latency { get; }

    public DateTimeOffset StartedAt { get; }

    public Counts All => _all;

    /// <summary>Entries in memory and their bytes, asked now.</summary>
    public (long Entries, long Bytes) Memory()
    {
        Interlocked.Exchange(ref _entries, 0);
        Interlocked.Exchange(ref _bytes, 0);
        _listener.RecordObservableInstruments();
        return (Interlocked.Read(ref _entries), Interlocked.Read(ref _bytes));
    }

    public Counts Of(string integration) => _byIntegration.GetOrAdd(integration, static _ => new());

    /// <summary>Remembers why an integration's read was stale or failed.</summary>
    public void Noted(string integration, LoadProblem problem) =>
        _errors[integration] = new(problem.Detail, problem.Message, _clock.GetUtcNow());

    public LastError? ErrorOf(string integration) => _errors.GetValueOrDefault(integration);

    public void Dispose() => _listener.Dispose();

    private void Add(string instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (instrument)
        {
            case "orleanscache.entry.count":
                Interlocked.Add(ref _entries, value);
                return;
            case "orleanscache.entry.bytes":
                Interlocked.Add(ref _bytes, value);
                return;
            case "orleanscache.entry.reads" or "orleanscache.origin.calls" or "orleanscache.limiter.permits":
                break;
            default:
                return;
        }

        string? integration = null, outcome = null;
        foreach (var (name, text) in tags)
        {
            if (name == "cache.integration")
                integration = text as string;
            else if (name is "cache.outcome" or "origin.outcome" or "limiter.outcome")
                outcome = text as string;
        }

        _all.Add(instrument, outcome, value, declared: integration is not null);
        if (integration is not null)
            Of(integration).Add(instrument, outcome, value, declared: true);
    }
}

/// <summary>The last thing that went wrong with an integration, as a reader saw it.</summary>
internal sealed record LastError(string Detail, string? Message, DateTimeOffset At);
