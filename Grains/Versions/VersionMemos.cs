using System.Collections.Concurrent;

namespace OrleansCache;

/// <summary>What the sessions of this silo's callers go by, for each key: bounded for each method, and for a while.</summary>
internal sealed class VersionMemos(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, LeastRecentlyUsed<(string Session, string Key), Memo>> _regions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LeastRecentlyUsed<(Guid Operation, string Key), Memo>> _left = new(StringComparer.Ordinal);

    /// <summary>What a session goes by; null when it is not known, or not any more.</summary>
    public VersionWanted? Find(RegionPolicy policy, string session, string key) =>
        _regions.TryGetValue(policy.Region, out var known) && known.TryGet((session, key), out var memo) && IsGood(memo, policy.Version!) ? memo.Wanted : null;

    /// <summary>A session goes by this too.</summary>
    /// <returns>What it goes by then: <see cref="VersionWanted.And"/>.</returns>
    public VersionWanted Keep(RegionPolicy policy, string session, string key, VersionWanted wanted) => _regions.GetOrAdd(policy.Region, static _ => new()).Put(
        (session, key), policy.Version!.MaxSessions, new(wanted, time.GetTimestamp()),
        (known, given) => !IsGood(known, policy.Version) ? given : known with { Wanted = known.Wanted.And(given.Wanted) }).Wanted;

    /// <summary>A read that is told to ask again finds this when it does: an answer that came since, or what it went by.</summary>
    public void Leave(RegionPolicy policy, Guid operation, string key, VersionWanted wanted) => _left.GetOrAdd(policy.Region, static _ => new()).Put(
        (operation, key), policy.Version!.MaxSessions, new(wanted, time.GetTimestamp()), static (_, given) => given);

    /// <summary>What was left for the read, once.</summary>
    public VersionWanted? Take(RegionPolicy policy, Guid operation, string key) =>
        _left.TryGetValue(policy.Region, out var left) && left.TryTake((operation, key), out var memo) && IsGood(memo, policy.Version!) ? memo.Wanted : null;

    private bool IsGood(Memo memo, VersionPolicy policy) => time.GetElapsedTime(memo.Since) < policy.SessionFor;

    private readonly record struct Memo(VersionWanted Wanted, long Since);
}
