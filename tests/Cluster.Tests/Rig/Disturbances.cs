using System.Collections.Concurrent;

namespace OrleansCache.Cluster;

/// <summary>What was done to the cluster and when, on the clock of the histories.</summary>
internal sealed class Disturbances
{
    private readonly ConcurrentQueue<Disturbance> _all = new();

    public IReadOnlyList<Disturbance> All => [.. _all];

    public Disturbance Add(string what)
    {
        var disturbance = new Disturbance(what, TimeProvider.System.GetTimestamp());
        _all.Enqueue(disturbance);
        return disturbance;
    }
}

/// <param name="What">For people.</param>
/// <param name="At">Just before it.</param>
internal sealed record Disturbance(string What, long At);
