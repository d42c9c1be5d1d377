namespace OrleansCache;

/// <summary>How long a change may be repeated after a try whose end is not known.</summary>
internal static class OperationLimits
{
    /// <summary>An owner, and each later one, knows this long which changes were made.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    /// <summary>A caller repeats no longer, so that the last repetition arrives while its first try is known.</summary>
    public static readonly TimeSpan Repeated = TimeSpan.FromSeconds(45);
}
