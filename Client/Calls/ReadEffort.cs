namespace OrleansCache;

/// <summary>How far a read goes for its answer. <c>default</c> tries for the call timeout and waits for a running load without end.</summary>
internal readonly record struct ReadEffort
{
    /// <summary>Those who wait for it; when nobody does any more, a wait for somebody else's load ends.</summary>
    public Flight? Flight { get; init; }

    /// <summary>The longest wait for a load that runs elsewhere; null for no limit.</summary>
    public TimeSpan? LongestWait { get; init; }

    /// <summary>Loads again though a value is there.</summary>
    public bool Refresh { get; init; }

    /// <summary>How long faults are answered by another try; zero tries once, null for the call timeout.</summary>
    public TimeSpan? Patience { get; init; }
}
