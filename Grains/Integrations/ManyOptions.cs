namespace OrleansCache;

/// <summary>How an origin is asked for many values of a method by one call. In code only <see cref="Max"/> is set, and the integration is an <see cref="IManyIntegration"/>.</summary>
public sealed class ManyOptions
{
    /// <summary>The path below the base address, with the method's arguments in braces: <c>countries?codes={code}</c>.</summary>
    public string? Get { get; set; }

    /// <summary>The argument that stands for many values; the others are the same for all keys of a call.</summary>
    public string? Argument { get; set; }

    /// <summary>What stands between its values, as it is; each value is percent-encoded. <c>&amp;code=</c> repeats a parameter. Default <c>,</c>.</summary>
    public string? Separator { get; set; }

    /// <summary>A JSON Pointer to the values in the answer, such as <c>/data</c>; the whole answer when null.</summary>
    public string? Items { get; set; }

    /// <summary>The member of each value in the answer's array that says whose it is; null when the answer is an object with a member for each value of the argument.</summary>
    public string? Id { get; set; }

    /// <summary>How many keys one call is for, 2 to 1,000. Default 50.</summary>
    public int Max { get; set; } = 50;
}
