namespace OrleansCache.Cluster;

/// <summary>The store lost what it held: a value may be gone from any later instant on. Instants as in <see cref="Operation"/>.</summary>
/// <param name="From">Not before this.</param>
/// <param name="Until">Values whose write began after this are not lost.</param>
internal sealed record Loss(long From, long Until)
{
    public Step AsStep(int key) => new(new LossOperation { Key = key, Kind = OperationKind.Remove, Begin = From, LastWriteBegin = Until }, false, Needs.Value);
}

internal sealed record LossOperation : Operation
{
    public long LastWriteBegin { get; init; }
}
