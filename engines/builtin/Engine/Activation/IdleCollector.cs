namespace OrleansCache.Engine;

/// <summary>Ends activations that nobody used for the collection age. Its tick is a sixteenth of that; each looks at all of them.</summary>
internal sealed class IdleCollector : IDisposable
{
    private const int TicksOfAge = 16;
    private readonly SiloRuntime _runtime;
    private readonly ITimer _timer;
    private int _now;

    public IdleCollector(SiloRuntime runtime, TimeSpan age)
    {
        _runtime = runtime;
        var tick = age / TicksOfAge;
        _timer = runtime.Time.CreateTimer(static collector => ((IdleCollector)collector!).Tick(), this, tick, tick);
    }

    /// <summary>The tick; wraps around.</summary>
    public int Now => Volatile.Read(ref _now);

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        var since = Interlocked.Increment(ref _now) - TicksOfAge;
        foreach (var activation in _runtime.Activations)
            activation.CollectIfUnused(since);
    }
}
