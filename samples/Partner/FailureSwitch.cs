namespace OrleansCache.Samples;

/// <summary>Off, on, or on for the next few calls. Not thread-safe.</summary>
internal sealed class FailureSwitch
{
    public Failure? Current { get; set; }

    /// <summary>How the call that asks must fail, or null; a counted failure is used up by asking.</summary>
    public Failure? Take()
    {
        var failure = Current;
        if (failure?.Count is { } left)
            Current = left > 1 ? failure with { Count = left - 1 } : null;
        return failure;
    }
}
