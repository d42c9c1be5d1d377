namespace OrleansCache.Cluster;

/// <summary>What one operation does to the register or shows of it.</summary>
/// <param name="Operation">Where it comes from.</param>
/// <param name="Change">What it leaves: a value, nothing; null when it only looks.</param>
/// <param name="Needs">What must be there for it.</param>
/// <param name="Version">The version that a change gives; 0 when unknown.</param>
/// <param name="Expected">The version that must be there, with <see cref="Needs.Version"/>.</param>
internal sealed record Step(Operation Operation, bool? Change, Needs Needs, long Version = 0, long Expected = 0)
{
    public long Begin => Operation.Begin;

    /// <summary>Never, for a change that may or may not have happened.</summary>
    public long End => IsAnswered ? Operation.End : Operation.Never;

    /// <summary>It leaves nothing, and gives no version for that.</summary>
    public bool IsRaise => Operation.Kind == OperationKind.Raise;

    /// <summary>It took place by its end.</summary>
    public bool IsAnswered => Operation.Ending != Ending.Unknown;

    /// <summary>Its place among the changes is known.</summary>
    public bool IsNumbered => Change is not null && Version > 0;
}

internal enum Needs
{
    Nothing,
    Value,
    Absence,

    /// <summary>A value of the expected version.</summary>
    Version,
}
