namespace OrleansCache;

/// <summary>What a region's settings must agree on.</summary>
internal static class RegionRules
{
    /// <param name="path">Where the policy is written.</param>
    /// <param name="policy">The policy with all that it follows.</param>
    /// <param name="errors">Gets what is wrong.</param>
    /// <param name="isOwn">False for a key whose error is told elsewhere; null tells all.</param>
    public static void Check(string path, RegionPolicy policy, ConfigurationErrors errors, Func<string, bool>? isOwn = null)
    {
        if (policy is { Coherence: Coherence.Strict, Durability: not Durability.Through })
        {
            Add(
                nameof(RegionPolicy.Durability), policy.Durability,
                "a strict region acknowledges a write when the store has it; set Durability to Through, or Coherence to Eventual or None");
        }

        if (policy is { Strategy: Strategy.Eager, Integration: null })
            Add(nameof(policy.Strategy), policy.Strategy, "a silo can load only methods of integrations by itself; set Background or Ttl");
        if (policy is { Strategy: Strategy.Versioned, Integration: null })
            Add(nameof(policy.Strategy), policy.Strategy, "the silo asks for versions of methods only; set Background or Ttl, and give the SDK's calls a CacheStrategy.Versioned");
        if (policy.FreshFor <= TimeSpan.Zero)
            Add(nameof(policy.FreshFor), policy.FreshFor, "set a time over zero, or leave it out for no end");
        if (policy.StaleFor < TimeSpan.Zero)
            Add(nameof(policy.StaleFor), policy.StaleFor, "set zero or more");
        if (policy.StaleFor > TimeSpan.Zero && policy.FreshFor is null && !errors.Concern($"{path}:{nameof(policy.FreshFor)}"))
            Add(nameof(policy.StaleFor), policy.StaleFor, "it begins when FreshFor ends; set FreshFor too, or leave StaleFor out");
        if (policy.AbsentFor < TimeSpan.Zero)
            Add(nameof(policy.AbsentFor), policy.AbsentFor, "set zero or more");
        if (policy.Jitter is not (>= 0 and <= 1))
            Add(nameof(policy.Jitter), policy.Jitter, "set a share from 0 to 1");
        if (policy.MaxEntries < 1)
            Add(nameof(policy.MaxEntries), policy.MaxEntries, "set 1 or more, or leave it out");
        if (policy.MaxBytes < 1)
            Add(nameof(policy.MaxBytes), policy.MaxBytes, "set 1 or more, or leave it out");

        void Add(string key, object? value, string remedy)
        {
            if (isOwn?.Invoke(key) ?? true)
                errors.Add($"{path}:{key}", value, remedy);
        }
    }
}
