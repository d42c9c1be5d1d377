using System.Diagnostics.Metrics;

namespace OrleansCache;

/// <summary>What entries count.</summary>
internal sealed class EntryMetrics
{
    public const string MeterName = "OrleansCache.Entries";
    private readonly Counter<long> _reads;
    private readonly Counter<long> _writes;

    public EntryMetrics(IMeterFactory meters, EntryMemory memory)
    {
        var meter = meters.Create(MeterName);
        _reads = meter.CreateCounter<long>("orleanscache.entry.reads", "{read}", "Reads, by outcome.");
        _writes = meter.CreateCounter<long>("orleanscache.entry.writes", "{write}", "Writes and removals, by outcome.");
        meter.CreateObservableCounter("orleanscache.entry.evictions", () => memory.Evictions, "{entry}", "Entries that left memory to keep it bounded.");
        meter.CreateObservableUpDownCounter("orleanscache.entry.count", () => memory.Entries, "{entry}", "Entries in memory.");
        meter.CreateObservableUpDownCounter("orleanscache.entry.bytes", () => memory.Bytes, "By", "Bytes of entries in memory, as the bound counts them.");
    }

    public void Read(string outcome, RegionPolicy policy)
    {
        if (!_reads.Enabled || policy.Region == WarmUpRegion.Name)
            return;
        if (policy.Integration is not { } integration)
            _reads.Add(1, new KeyValuePair<string, object?>("cache.outcome", outcome));
        else
            _reads.Add(1, new KeyValuePair<string, object?>("cache.outcome", outcome), new KeyValuePair<string, object?>("cache.integration", integration));
    }

    public void Write(WriteStatus status)
    {
        if (_writes.Enabled && status != WriteStatus.AskAgain)
            _writes.Add(1, new KeyValuePair<string, object?>("cache.outcome", Name(status)));
    }

    private static string Name(WriteStatus status) => status switch
    {
        WriteStatus.Accepted => "accepted",
        WriteStatus.ConditionFailed => "condition_failed",
        WriteStatus.NotOwner => "not_owner",
        WriteStatus.TooLarge => "too_large",
        WriteStatus.Doubtful => "doubtful",
        _ => "unavailable",
    };
}

/// <summary>Values of the tag <c>cache.outcome</c> of a read.</summary>
internal static class ReadOutcomes
{
    public const string Hit = "hit";
    public const string Stale = "stale";
    public const string Miss = "miss";
    public const string Loaded = "loaded";
    public const string Joined = "joined";
    public const string Failed = "failed";
}
