namespace OrleansCache;

/// <summary>How one call of a method is made for many keys: checked, never changed.</summary>
internal sealed class ManyCalls
{
    public required int Max { get; init; }

    /// <summary>Null for code, as are the others.</summary>
    public CallTemplate? Path { get; init; }
    public string? Argument { get; init; }
    public string? Separator { get; init; }

    /// <summary>A JSON Pointer to the values in the answer; empty for the whole.</summary>
    public string Items { get; init; } = "";

    /// <summary>The member of each value that says whose it is; null when the values are an object's members, named by the argument.</summary>
    public string? Id { get; init; }
}
