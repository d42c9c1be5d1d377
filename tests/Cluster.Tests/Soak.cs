namespace OrleansCache.Cluster;

/// <summary>Long forms of tests run when ORLEANSCACHE_SOAK is set, as <c>./test --soak</c> does.</summary>
internal static class Soak
{
    public const string SkipReason = "Takes minutes: ./test --soak runs it.";

    public static bool IsOn { get; } = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("ORLEANSCACHE_SOAK"));
}
