using System.Collections.Concurrent;

namespace OrleansCache;

/// <summary>What the sessions of this silo's callers go by, for each key: bounded for each method, and for a while.</summary>
internal sealed class VersionMemos(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, LeastRecentlyUsed<(string Reader, string Key), Memo>> _regions = new(StringComparer.Ordinal);

    /// <summary>What a reader goes by; null when it is not known, or not any more.</summary>
    public VersionWanted? Find(RegionPolicy policy, string reader, string key) =>
        _regions.TryGetValue(policy.Region, out var known) && known.TryGet((reader, key), out var memo) && IsGood(memo, policy.Version!) ? memo.Wanted : null;

    /// <summary>A reader goes by this, unless it went by another before; what it saw is never less than before.</summary>
    public VersionWanted Keep(RegionPolicy policy, string reader, string key, VersionWanted wanted) => _regions.GetOrAdd(policy.Region, static _ => new()).Put(
        (reader, key), policy.Version!.MaxSessions, new(wanted, time.GetTimestamp()),
        (known, given) => !IsGood(known, policy.Version) ? given : known with { Wanted = known.Wanted with { Seen = Math.Max(known.Wanted.Seen, given.Wanted.Seen) } }).Wanted;

    private bool IsGood(Memo memo, VersionPolicy policy) => time.GetElapsedTime(memo.Since) < policy.SessionFor;

    private readonly record struct Memo(VersionWanted Wanted, long Since);
}
