using System.Collections.Immutable;

namespace OrleansCache.Cluster;

/// <summary>What all client processes recorded, and the checks over it.</summary>
internal sealed class History(IReadOnlyList<Operation> operations)
{
    public IReadOnlyList<Operation> Operations => operations;

    public static History Read(IEnumerable<string> files) => new([.. files.SelectMany(HistoryFile.Read)]);

    /// <summary>Every fault in the history; empty for a clean one.</summary>
    /// <param name="losses">When the store lost what it held.</param>
    public ImmutableArray<Finding> Check(params IReadOnlyList<Loss> losses) =>
    [
        .. operations.SelectMany(TagRaise.OnKeys).GroupBy(o => o.Key).AsParallel().WithDegreeOfParallelism(2).SelectMany(key => (Finding[])[.. RegisterChecker.Check(key, losses), .. OwnerOrder.Check(key)]),
    ];

    /// <summary>What happened to a key, for people: every call on it but reads.</summary>
    public string Around(Finding finding) =>
        $"{finding}\n{string.Join('\n', operations.SelectMany(TagRaise.OnKeys).Where(o => o.Key == finding.Key && o.Kind != OperationKind.Read).OrderBy(o => o.Begin).Select(o => $"    {o}"))}";

    /// <summary>How many calls ended how.</summary>
    public string Summary => $"{operations.Count} calls on {operations.Select(o => o.Key).Distinct().Count()} keys: "
        + string.Join(", ", operations.CountBy(o => (o.Kind, o.Ending)).OrderBy(c => c.Key).Select(c => $"{c.Key.Kind} {c.Key.Ending} {c.Value}"));
}
