using System.Diagnostics.Metrics;

namespace OrleansCache;

/// <summary>The client's measurements.</summary>
internal sealed class ClientMetrics
{
    public const string MeterName = "OrleansCache.Client";
    private static readonly KeyValuePair<string, object?>[] Tags =
        [.. new[] { "miss", "hit", "stale", "loaded", "refused" }.Select(static outcome => new KeyValuePair<string, object?>("cache.outcome", outcome))];

    /// <summary>When a read began that nobody measures.</summary>
    public const long Unmeasured = long.MinValue;
    private readonly Histogram<double> _reads;
    private readonly Counter<long> _refusals;
    private readonly TimeProvider _clock;

    public ClientMetrics(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        var meter = meters.Create(MeterName);
        _refusals = meter.CreateCounter<long>("orleanscache.client.refusals", "{call}", "Calls of this process that went to a silo which does not own the key, and were made again.");
        _reads = meter.CreateHistogram(
            "orleanscache.read.duration", "s", "Reads by this process, from the call to the answer, by outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
    }

    /// <summary>True while the reads of this process are nobody's.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>When a read begins; meaningless while nobody listens.</summary>
    public long Start() => _reads.Enabled && !IsQuiet ? _clock.GetTimestamp() : Unmeasured;

    public void Refused() => _refusals.Add(1);

    public void Read(Outcome outcome, long started)
    {
        if (started != Unmeasured)
            _reads.Record(_clock.GetElapsedTime(started).TotalSeconds, Tags[(int)outcome]);
    }
}
