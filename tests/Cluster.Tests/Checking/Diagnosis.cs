using System.Collections.Immutable;

namespace OrleansCache.Cluster;

/// <summary>Names what the search could not explain.</summary>
internal static class Diagnosis
{
    /// <param name="step">Could not take place before its end.</param>
    /// <param name="numbered">The changes with known versions, in their order.</param>
    /// <param name="before">The states that were possible until then.</param>
    public static Finding Of(Step step, ImmutableArray<Step> numbered, List<RegisterState> before)
    {
        var (o, version) = (step.Operation, step.Needs == Needs.Version ? step.Expected : step.Version);
        Finding Found(Fault fault, string why) => new(fault, o.Key, $"{o}: {why}");

        if (step.Needs == Needs.Version && numbered.FirstOrDefault(s => s.Version == version) is { } writer && writer.Begin > o.End)
            return Found(Fault.FromTheFuture, $"its value was written later: {writer.Operation}");
        if (version > 0 && numbered.FirstOrDefault(s => s.Version < version && s.Begin > o.End) is { } lower)
            return Found(Fault.VersionFell, $"a later change has a lower version: {lower.Operation}");
        if (step.IsNumbered && step.Needs != Needs.Nothing)
            return Found(Fault.ConditionIgnored, $"what it needs was not there just below version {version}: {numbered.LastOrDefault(s => s.Version < version)?.Operation}");
        if (step.Needs == Needs.Version && before.All(s => s.Version > version || (s.Version == version && !s.HasValue)))
        {
            var newest = numbered.LastOrDefault(s => s.Version <= before.Min(b => b.Version));
            return Found(before.All(s => !s.HasValue) ? Fault.ResurrectedRemoval : Fault.StaleRead, $"version {version} was gone before it began: {newest?.Operation}");
        }
        if (step.Needs == Needs.Absence && before.All(s => s.HasValue))
            return Found(Fault.LostWrite, $"a value was there all the time: {numbered.LastOrDefault(s => s.Version <= before.Max(b => b.Version))?.Operation}");
        return Found(Fault.NotLinearizable, $"no order explains it; possible were {string.Join(", ", before.Take(3).Select(s => $"{(s.HasValue ? "a value" : "nothing")} at version {s.Version}{(s.IsLoose ? " or more" : "")}"))}");
    }
}
