using System.Collections.Concurrent;
using System.Globalization;

namespace OrleansCache.Simulation.Tests;

/// <summary>Which seeds are played, and the search for one that breaks a promise.</summary>
internal static class Seeds
{
    public static readonly bool IsSoak = Environment.GetEnvironmentVariable("ORLEANSCACHE_SOAK") is { Length: > 0 };

    /// <summary>Plays one seed and shows what happened: <c>ORLEANSCACHE_SEED=17</c>.</summary>
    public static readonly int? One = int.TryParse(Environment.GetEnvironmentVariable("ORLEANSCACHE_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : null;

    /// <summary>What a seed breaks; null when it breaks nothing.</summary>
    public static Func<int, string?> BrokenBy(Action<int> play) => seed =>
    {
        try
        {
            play(seed);
            return null;
        }
        catch (BrokenPromiseException broken)
        {
            return broken.Message;
        }
    };

    public static int? FirstBroken(Func<int, string?> brokenBy, int from, int to)
    {
        var broken = new ConcurrentQueue<int>();
        Parallel.ForEach(
            Partitioner.Create(from, to, 100),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = TestContext.Current.CancellationToken },
            (range, loop) =>
            {
                for (var seed = range.Item1; seed < range.Item2 && !loop.IsStopped; seed++)
                {
                    if (brokenBy(seed) is null)
                        continue;
                    broken.Enqueue(seed);
                    loop.Stop();
                }
            });
        return broken.IsEmpty ? null : broken.Min();
    }
}
