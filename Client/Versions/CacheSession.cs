using System.Collections.Concurrent;
using System.Globalization;

namespace OrleansCache;

/// <summary>
/// Reads that go by the same versions: inside a session the version of each argument set of a <see cref="Strategy.Versioned"/> call is asked for
/// once, and no read gives a value older than another read of the session gave.
/// </summary>
/// <remarks>
/// <c>using var session = CacheSession.Begin();</c> holds for what this flow of control does until it is disposed, such as one request. A value
/// that somebody with a newer version stored meanwhile is served; so the session may go forward. Where the value is gone, the version is asked for
/// again: a load is of the version from just before it. Loads are for everybody, so a factory or a version function runs outside of the sessions
/// of who caused it.
/// </remarks>
public sealed class CacheSession : IDisposable
{
    internal const int DefaultVersions = 1_000;
    private static readonly AsyncLocal<CacheSession?> Flow = new();
    private readonly ConcurrentDictionary<string, LeastRecentlyUsed<string, VersionWanted>> _regions = new(StringComparer.Ordinal);
    private readonly CacheSession? _outer;
    private readonly LoadScope? _scope;
    private volatile bool _isOver;

    private CacheSession(CacheSession? outer, LoadScope? scope, string id) => (_outer, _scope, Id) = (outer, scope, id);

    /// <summary>Names the session to silos, for methods that they are configured with: what is called under one name agrees, from wherever.</summary>
    public string Id { get; }

    /// <summary>The session of this flow of control; null outside of one.</summary>
    public static CacheSession? Current
    {
        get
        {
            var session = Flow.Value;
            while (session is { _isOver: true })
                session = session._outer;
            return session is not null && session._scope == LoadScope.Current ? session : null;
        }
    }

    /// <summary>Begins a session, in place of one that is there, until it is disposed.</summary>
    /// <param name="id">Its name to silos, such as the header <c>OrleansCache-Session</c> of a request; one of its own when null.</param>
    public static CacheSession Begin(string? id = null) => Flow.Value = new(Flow.Value, LoadScope.Current, id ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));

    /// <summary>Ends it, also for what it began and what still runs.</summary>
    public void Dispose()
    {
        _isOver = true;
        _regions.Clear();
        if (Flow.Value == this)
            Flow.Value = _outer;
    }

    /// <summary>What reads of the key go by; null before the first.</summary>
    internal VersionWanted? Find(CacheKey key) =>
        _regions.TryGetValue(key.Region, out var keys) && keys.TryGet(key.Key, out var known) ? known with { IsRemembered = true } : null;

    /// <summary>All reads of the key go by what the first one brought.</summary>
    /// <returns>That; remembered if another read was the first.</returns>
    internal VersionWanted Keep(CacheKey key, string version, int most)
    {
        var first = KeysOf(key).Put(key.Key, most, new(version), static (first, _) => first);
        return first with { IsRemembered = first.Version != version };
    }

    /// <summary>A later read gives nothing older than this.</summary>
    internal void Saw(CacheKey key, long retrieved, int most, VersionWanted wanted) =>
        KeysOf(key).Put(key.Key, most, wanted with { Seen = retrieved }, static (known, seen) => known.And(seen));

    private LeastRecentlyUsed<string, VersionWanted> KeysOf(CacheKey key) => _regions.GetOrAdd(key.Region, static _ => new());
}
