namespace OrleansCache.Cluster;

/// <summary>A raise of a tag as one operation: <see cref="Operation.Key"/> is the tag, which every so many keys have.</summary>
public static class TagRaise
{
    public static string TagOf(int key, int tags) => $"tag-{key % tags}";

    /// <summary>A raise that is about to be called.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="tag">0 to <paramref name="tags"/> - 1.</param>
    /// <param name="tags">How many there are.</param>
    /// <param name="keys">How many keys there are.</param>
    public static Operation Of(int worker, int tag, int tags, int keys) => new() { Worker = worker, Key = tag, Kind = OperationKind.Raise, Expected = tags, Value = keys };

    /// <summary>What an operation is to each key that it concerns.</summary>
    public static IEnumerable<Operation> OnKeys(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (operation is not { Kind: OperationKind.Raise, Expected: > 0 })
            return [operation];
        return Enumerable.Range(0, (int)((operation.Value - operation.Key + operation.Expected - 1) / operation.Expected))
            .Select(n => operation with { Key = operation.Key + (n * (int)operation.Expected), Expected = 0, Value = 0 });
    }
}
