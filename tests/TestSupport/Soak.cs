namespace OrleansCache.TestSupport;

/// <summary>Long forms of tests run when ORLEANSCACHE_SOAK is set, as <c>./test --soak</c> does.</summary>
public static class Soak
{
    public const string SkipReason = "Takes minutes: ./test --soak runs it.";

    /// <summary>For how long code that runs often waits to be compiled anew: until no new code has run for so many milliseconds. As .NET reads it, in hexadecimal.</summary>
    public const string CompilesAfter = "DOTNET_TC_CallCountingDelayMs";

    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("ORLEANSCACHE_SOAK") is { Length: > 0 } and not "0";

    /// <summary>
    /// For silos that a test soon kills. Compiling anew what runs often is half of what a start costs, and no use to a silo that lives for seconds: here it begins
    /// after two quiet ones. In long forms, where a silo is measured, it starts as it does for users. What <paramref name="environment"/> says already stays.
    /// </summary>
    public static void MakeShortLived(Dictionary<string, string?> environment)
    {
        if (!IsOn)
            environment.TryAdd(CompilesAfter, "7D0");
    }
}
