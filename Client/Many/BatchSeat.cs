namespace OrleansCache;

/// <summary>One key's place in a list that is loaded together.</summary>
internal sealed class BatchSeat(IGathering gathering)
{
    private const int Undecided = 1;
    private const int Decided = 2;
    private int _state;

    /// <summary>Where the key's value is waited for in this process.</summary>
    public Flight? Flight { get; private set; }

    /// <summary>True from the first question for the key until it is known whether this process makes its value.</summary>
    public bool IsUndecided => Volatile.Read(ref _state) == Undecided;

    /// <summary>The key is about to be asked for.</summary>
    public void Take(Flight flight)
    {
        Flight = flight;
        if (Interlocked.CompareExchange(ref _state, Undecided, 0) == 0)
            gathering.Enter();
    }

    /// <summary>Nobody waits for the key any longer: it has an answer, or another process makes its value. Safe to call again.</summary>
    public void Leave()
    {
        if (Interlocked.CompareExchange(ref _state, Decided, Undecided) == Undecided)
            gathering.Leave();
    }

    /// <summary>One of a bounded number of calls to silos, until it is disposed.</summary>
    public ValueTask<Slot> CallAsync() => gathering.CallAsync();
}

/// <summary>The list that a seat is in.</summary>
internal interface IGathering
{
    /// <summary>One more is waited for.</summary>
    void Enter();

    /// <summary>One less is.</summary>
    void Leave();

    ValueTask<Slot> CallAsync();
}

/// <summary>A place among calls that are under way at a time.</summary>
internal readonly struct Slot(SemaphoreSlim? slots) : IDisposable
{
    public void Dispose() => slots?.Release();
}
