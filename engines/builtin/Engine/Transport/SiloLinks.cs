namespace OrleansCache.Engine;

/// <summary>The links of a process to silos, by endpoint.</summary>
/// <param name="runtime">Takes requests to their targets.</param>
/// <param name="options">Of each.</param>
/// <param name="changed">A connection was made or broke, or calls go elsewhere.</param>
internal sealed class SiloLinks(EngineRuntime runtime, LinkOptions options, Action changed) : IDisposable
{
    // The hash of a name would cost an allocation; changed with its lock held.
    private readonly ConcurrentDictionary<EndPoint, PeerLink[]> _links = new(EqualityComparer<EndPoint>.Create(
        static (one, other) => ReferenceEquals(one, other) || Equals(one, other), static silo => silo is DnsEndPoint named ? named.Port : silo.GetHashCode()));
    private bool _isClosed;
    private int _turn;

    public LinkOptions Options => options;

    public IEnumerable<KeyValuePair<EndPoint, PeerLink[]>> BySilo => _links;

    public IEnumerable<PeerLink> All => _links.Values.SelectMany(links => links);

    /// <summary>Sends to that silo, and makes a link if there is none.</summary>
    public void Send(EndPoint silo, GrainRequest request)
    {
        var links = _links.GetValueOrDefault(silo) ?? Connect(silo);
        var link = links.Length == 1 ? links[0] : links[(uint)Interlocked.Increment(ref _turn) % (uint)links.Length];
        (link.Connection is null ? Array.Find(links, static other => other.Connection is not null) ?? link : link).Send(request);
    }

    public PeerLink[] Connect(EndPoint silo)
    {
        lock (_links)
            return _isClosed ? throw new SiloUnavailableException("This process stops.")
                : _links.GetOrAdd(silo, endpoint => [.. Enumerable.Range(0, options.Count).Select(_ => new PeerLink(runtime, endpoint, options, changed))]);
    }

    public void Drop(EndPoint silo)
    {
        lock (_links)
            Array.ForEach(_links.TryRemove(silo, out var links) ? links : [], static link => link.Dispose());
    }

    /// <summary>A silo that is gone may leave calls without an answer; one that was not reached may be there again.</summary>
    public void Reroute()
    {
        foreach (var (silo, links) in _links)
            if (runtime.Router!.IsGone(silo) || links.All(static link => link.HasFailed))
                Drop(silo);
        changed();
    }

    public void Dispose()
    {
        lock (_links)
            _isClosed = true;
        foreach (var (silo, _) in _links)
            Drop(silo);
    }
}
