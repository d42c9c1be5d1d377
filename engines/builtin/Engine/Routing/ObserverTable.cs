namespace OrleansCache.Engine;

/// <summary>The observers of this process, held weakly; their keys name the process too.</summary>
internal sealed class ObserverTable(EngineRuntime runtime)
{
    private readonly ConcurrentDictionary<string, ObserverQueue> _observers = new();
    private long _last;

    /// <summary>The name of this process's client, made at random.</summary>
    public string ClientId { get; } = Guid.NewGuid().ToString("N");

    public string Add(IGrainObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (observer is GrainProxy)
            throw new ArgumentException("That is a reference already.", nameof(observer));
        var key = $"{ClientId}/{Interlocked.Increment(ref _last)}";
        _observers[key] = new(runtime, observer);
        return key;
    }

    public void Remove(string key) => _observers.TryRemove(key, out _);

    public bool IsHere(string key) => key.StartsWith(ClientId, StringComparison.Ordinal);

    public static string ClientOf(string key) => key.IndexOf('/', StringComparison.Ordinal) is var cut and >= 0 ? key[..cut] : key;

    public void Dispatch(string key, GrainRequest request)
    {
        if (_observers.TryGetValue(key, out var queue) && queue.IsAlive)
        {
            queue.Submit(request, inline: false);
            request.Callee = queue;
            return;
        }
        Remove(key);
        request.Refuse(new ClientNotAvailableException("The observer is gone: it was deleted, or nothing but the engine referred to it."));
    }
}

/// <summary>The turns of one observer, which are taken one at a time on the thread pool.</summary>
internal sealed class ObserverQueue(EngineRuntime runtime, IGrainObserver observer) : TurnQueue
{
    private readonly WeakReference<IGrainObserver> _observer = new(observer);

    public bool IsAlive => _observer.TryGetTarget(out _);

    internal override EngineRuntime Runtime => runtime;

    internal override object Instance => _observer.TryGetTarget(out var target) ? target
        : throw new ClientNotAvailableException("The observer is gone: nothing but the engine referred to it.");

}
