namespace OrleansCache.Engine;

/// <summary>Why an activation ends.</summary>
public enum DeactivationReasonCode : byte
{
    /// <summary>Not said.</summary>
    None,
    /// <summary>The silo stops.</summary>
    ShuttingDown,
    /// <summary>The grain could not be activated.</summary>
    ActivationFailed,
    /// <summary>The directory failed.</summary>
    DirectoryFailure,
    /// <summary>Nobody called for the collection age.</summary>
    ActivationIdle,
    /// <summary>The activation did not answer.</summary>
    ActivationUnresponsive,
    /// <summary>Another activation of the grain is there.</summary>
    DuplicateActivation,
    /// <summary>A request asked for another version.</summary>
    IncompatibleRequest,
    /// <summary>The application failed.</summary>
    ApplicationError,
    /// <summary>The grain asked for it.</summary>
    ApplicationRequested,
    /// <summary>The grain moves to another silo.</summary>
    Migrating,
    /// <summary>The engine asked for it.</summary>
    RuntimeRequested,
    /// <summary>Memory is short.</summary>
    HighMemoryPressure,
}

/// <summary>Why an activation ends, with words.</summary>
public readonly struct DeactivationReason
{
    /// <summary>A reason without an error.</summary>
    public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text) { }

    /// <summary>A reason with an error.</summary>
    public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text) =>
        (ReasonCode, Exception, Description) = (code, exception, text);

    /// <summary>In words.</summary>
    public string Description { get; }

    /// <summary>As a code.</summary>
    public DeactivationReasonCode ReasonCode { get; }

    /// <summary>The error that led to it.</summary>
    public Exception? Exception { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{ReasonCode}: {Description}.{(Exception is null ? "" : $" Exception: {Exception}")}";
}
