namespace OrleansCache;

/// <summary>What a region's settings must agree on.</summary>
internal static class RegionRules
{
    public static void Check(string path, RegionPolicy policy, ConfigurationErrors errors)
    {
        if (policy is { Coherence: Coherence.Strict, Durability: not Durability.Through })
        {
            errors.Add(
                $"{path}:{nameof(RegionPolicy.Durability)}", policy.Durability,
                "a strict region acknowledges a write when the store has it; set Durability to Through, or Coherence to Eventual or None");
        }

        if (policy.FreshFor <= TimeSpan.Zero)
            errors.Add($"{path}:{nameof(policy.FreshFor)}", policy.FreshFor, "set a time over zero, or leave it out for no end");
        if (policy.StaleFor < TimeSpan.Zero)
            errors.Add($"{path}:{nameof(policy.StaleFor)}", policy.StaleFor, "set zero or more");
        if (policy.StaleFor > TimeSpan.Zero && policy.FreshFor is null)
            errors.Add($"{path}:{nameof(policy.StaleFor)}", policy.StaleFor, "it begins when FreshFor ends; set FreshFor too, or leave StaleFor out");
        if (policy.AbsentFor < TimeSpan.Zero)
            errors.Add($"{path}:{nameof(policy.AbsentFor)}", policy.AbsentFor, "set zero or more");
        if (policy.Jitter is not (>= 0 and <= 1))
            errors.Add($"{path}:{nameof(policy.Jitter)}", policy.Jitter, "set a share from 0 to 1");
        if (policy.MaxEntries < 1)
            errors.Add($"{path}:{nameof(policy.MaxEntries)}", policy.MaxEntries, "set 1 or more, or leave it out");
        if (policy.MaxBytes < 1)
            errors.Add($"{path}:{nameof(policy.MaxBytes)}", policy.MaxBytes, "set 1 or more, or leave it out");
    }
}
