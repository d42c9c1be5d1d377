namespace OrleansCache;

/// <summary>One grain call, or one load, under way for all callers of a key in this process.</summary>
internal abstract class Flight(FlightKind kind)
{
    private int _waiting = 1;

    public FlightKind Kind => kind;

    /// <summary>The grain's name that it goes to. The table's.</summary>
    public string Key { get; set; } = "";

    /// <summary>Only who brings the same shares it; null for all. The table's.</summary>
    public string? Apart { get; set; }

    /// <summary>Of the key. The table's.</summary>
    public int Hash { get; set; }

    /// <summary>The next flight of the table's bucket. Under the bucket's lock.</summary>
    public Flight? Next { get; set; }

    /// <summary>What this flight's own factory waits for. Under <see cref="LoadGraph"/>'s lock.</summary>
    public List<Flight>? WaitsFor { get; set; }

    /// <summary>False once every caller has left.</summary>
    public bool IsWanted => Volatile.Read(ref _waiting) > 0;

    /// <summary>How many callers wait for it.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void Enter() => Interlocked.Increment(ref _waiting);

    public void Leave() => Interlocked.Decrement(ref _waiting);
}

/// <inheritdoc/>
internal class Flight<T>(FlightKind kind) : Flight(kind)
{
    private TaskCompletionSource<Landing<T>>? _joiners;

    /// <summary>True once somebody joined. Final when the flight has left the table.</summary>
    protected bool HasJoiners => _joiners is not null;

    /// <summary>The result for all but the first caller. Under the table's lock, before the flight has left it.</summary>
    public Task<Landing<T>> Join()
    {
        Enter();
        return (_joiners ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Lets the joiners go. After the flight has left the table.</summary>
    public void Land(in Landing<T> landing) => _joiners?.SetResult(landing);

    /// <inheritdoc cref="Land(in Landing{T})"/>
    public void Fail(Exception e)
    {
        if (_joiners is null)
            return;
        _joiners.SetException(e);
        _ = _joiners.Task.Exception;        // observed: every joiner may have left
    }
}

/// <summary>What callers share: reads of one kind never join another's.</summary>
internal enum FlightKind : byte
{
    /// <summary>A read that loads nothing.</summary>
    Read,

    /// <summary>An integration's method.</summary>
    Call,

    /// <summary>A get-or-create, whose factory the first caller brought.</summary>
    Load,

    /// <summary>A question for the origin's version.</summary>
    Version,
}
