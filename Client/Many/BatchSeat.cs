namespace OrleansCache;

/// <summary>One key's place in a get-or-create of many.</summary>
internal abstract class BatchSeat
{
    /// <summary>True from the first question for the key until it is known whether this process makes its value.</summary>
    public abstract bool IsUndecided { get; }

    /// <summary>The key is about to be asked for.</summary>
    public abstract void Take(Flight flight);

    /// <summary>Nobody waits for the key any longer: it has an answer, or another process makes its value. Safe to call again.</summary>
    public abstract void Leave();

    /// <summary>One of a bounded number of calls to silos, until it is disposed.</summary>
    public abstract ValueTask<Slot> CallAsync();
}

/// <summary>A place among calls that are under way at a time.</summary>
internal readonly struct Slot(SemaphoreSlim? slots) : IDisposable
{
    public void Dispose() => slots?.Release();
}
