namespace OrleansCache.Engine;

/// <summary>Ends activations that nobody used for the collection age. A wheel of sixteen slots: each activation is looked at
/// about once an age, not at every tick.</summary>
internal sealed class IdleCollector : IDisposable
{
    private const int Slots = 16;
    private readonly List<Activation>[] _wheel = [.. Enumerable.Range(0, Slots + 1).Select(_ => new List<Activation>())];
    private readonly ITimer _timer;

    public IdleCollector(TimeProvider time, TimeSpan age)
    {
        var tick = age / Slots;
        _timer = time.CreateTimer(static wheel => ((IdleCollector)wheel!).Tick(), this, tick, tick);
    }

    /// <summary>The tick; wraps around.</summary>
    public int Now { get; private set; }

    public void Add(Activation activation)
    {
        lock (_wheel)
            Slot(Now + Slots).Add(activation);
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        List<Activation> due;
        int now;
        lock (_wheel)
        {
            now = ++Now;
            due = Slot(now);
            _wheel[Index(now)] = [];
        }
        foreach (var activation in due)
        {
            if (activation.TryCollect(now - Slots) || activation.IsEnding)
                continue;
            lock (_wheel)
                Slot(Math.Max(activation.LastUsed + Slots, Now + 1)).Add(activation);
        }
    }

    private List<Activation> Slot(int tick) => _wheel[Index(tick)];

    private static int Index(int tick) => (int)((uint)tick % (Slots + 1));
}
