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
            Insert(activation, Now + Slots);
    }

    /// <summary>Lets go of one that ended: until its slot comes round it would stay in memory.</summary>
    public void Remove(Activation activation)
    {
        lock (_wheel)
        {
            var slot = _wheel[activation.Slot];
            if (activation.PlaceInSlot >= slot.Count || slot[activation.PlaceInSlot] != activation)
                return;
            var last = slot[^1];
            slot[last.PlaceInSlot = activation.PlaceInSlot] = last;
            slot.RemoveAt(slot.Count - 1);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        List<Activation> due;
        int now;
        lock (_wheel)
        {
            now = ++Now;
            due = _wheel[Index(now)];
            _wheel[Index(now)] = [];
        }
        foreach (var activation in due)
        {
            if (activation.TryCollect(now - Slots))
                continue;
            lock (_wheel)
            {
                if (!activation.IsEnding)
                    Insert(activation, Math.Max(activation.LastUsed + Slots, Now + 1));
            }
        }
    }

    private void Insert(Activation activation, int tick)
    {
        var slot = _wheel[activation.Slot = Index(tick)];
        activation.PlaceInSlot = slot.Count;
        slot.Add(activation);
    }

    private static int Index(int tick) => (int)((uint)tick % (Slots + 1));
}
