using System.Collections.Immutable;

namespace OrleansCache.Cluster;

/// <summary>The operations on one key as steps of a register, with what can be told without searching for an order.</summary>
internal sealed record KeyHistory(ImmutableArray<Step> Steps, ImmutableArray<Finding> Findings)
{
    public static KeyHistory Of(IEnumerable<Operation> operations)
    {
        Operation[] all = [.. operations];
        var findings = new List<Finding>();
        var writes = all.Where(o => o.Kind == OperationKind.Write).ToDictionary(o => o.Value);
        var versions = VersionsOf(all, writes, findings);
        var steps = all.Select(o => StepOf(o, versions, findings)).OfType<Step>().ToImmutableArray();
        foreach (var twice in steps.Where(s => s.IsNumbered).GroupBy(s => s.Version).Where(g => g.Count() > 1))
            findings.Add(new(Fault.DuplicateVersion, all[0].Key, $"version {twice.Key} was given twice: {string.Join("; ", twice.Select(s => s.Operation))}"));
        return new(steps, [.. findings]);
    }

    /// <summary>The version of each value that was acknowledged or seen.</summary>
    private static Dictionary<long, long> VersionsOf(Operation[] all, Dictionary<long, Operation> writes, List<Finding> findings)
    {
        var versions = new Dictionary<long, long>();
        foreach (var o in all)
        {
            var sees = o is { Kind: OperationKind.Read, Ending: Ending.Ok, Value: not 0 };
            if (!sees && o is not { Kind: OperationKind.Write, Ending: Ending.Ok })
                continue;
            if (sees && (!writes.TryGetValue(o.Value, out var write) || write.Ending is Ending.Failed or Ending.Refused))
                findings.Add(new(Fault.PhantomValue, o.Key, $"{o} gave a value that nobody wrote{(writes.TryGetValue(o.Value, out var refused) ? $": {refused}" : "")}"));
            else if (!versions.TryAdd(o.Value, o.Version) && versions[o.Value] != o.Version)
                findings.Add(new(Fault.DuplicateVersion, o.Key, $"{o}, but the value has version {versions[o.Value]} elsewhere"));
        }
        return versions;
    }

    private static Step? StepOf(Operation o, Dictionary<long, long> versions, List<Finding> findings)
    {
        switch (o)
        {
            case { Ending: Ending.Failed } or { Kind: OperationKind.Read, Ending: Ending.Unknown }:
                return null;
            case { Kind: OperationKind.Read, Value: 0 } or { Ending: Ending.Refused, Version: 0 }:
                if (o.Guard == Guard.IfAbsent)
                    findings.Add(new(Fault.Contradiction, o.Key, $"{o} was refused where nothing was"));
                return new(o, null, Needs.Absence);
            case { Kind: OperationKind.Read } or { Ending: Ending.Refused }:
                if (o.Guard == Guard.IfPresent || (o.Guard == Guard.IfVersion && o.Version == o.Expected))
                    findings.Add(new(Fault.Contradiction, o.Key, $"{o} was refused where its condition held"));
                return new(o, null, Needs.Version, Expected: o.Version);
            case { Kind: OperationKind.Raise }:
                return new(o, false, Needs.Nothing);
            case { Kind: OperationKind.Remove, Ending: Ending.Ok, Existed: false }:
                return new(o, null, Needs.Absence);
            case { Kind: OperationKind.Remove, Ending: Ending.Ok }:
                return new(o, false, Needs.Value, o.Version);
            case { Kind: OperationKind.Remove }:
                return new(o, false, Needs.Nothing);
            default:
                var needs = o.Guard switch { Guard.IfVersion => Needs.Version, Guard.IfAbsent => Needs.Absence, Guard.IfPresent => Needs.Value, _ => Needs.Nothing };
                return new(o, true, needs, versions.GetValueOrDefault(o.Value), o.Expected);
        }
    }
}
