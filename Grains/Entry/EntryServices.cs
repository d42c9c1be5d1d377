using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>What all entries of a silo share.</summary>
internal sealed class EntryServices(
    IEntryStore store,
    IOwnership ownership,
    IClusterClock clock,
    ITagLog tags,
    IRegionPolicies policies,
    IOriginCaller origin,
    IRateLimits limits,
    EntryMemory memory,
    EntryMetrics metrics,
    TimeProvider time,
    ILogger<EntryServices> log,
    IEagerPlan? eager = null)
{
    public IEntryStore Store => store;
    public IOwnership Ownership => ownership;
    public IClusterClock Clock => clock;
    public ITagLog Tags => tags;
    public IRegionPolicies Policies => policies;
    public IOriginCaller Origin => origin;
    public IRateLimits Limits => limits;
    public EntryMemory Memory => memory;
    public EntryMetrics Metrics => metrics;
    public TimeProvider Time => time;
    public ILogger Log => log;
    public IEagerPlan? Eager => eager;
    public Microsoft.Extensions.ObjectPool.ObjectPool<AckWait> AckWaits { get; } = AckWait.Pool(time);
    public VersionMemos Versions { get; } = new(time);
    public Random Random { get; init; } = Random.Shared;
}
