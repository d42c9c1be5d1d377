using System.Collections.Concurrent;
using System.Globalization;

namespace OrleansCache.Simulation.Tests;

/// <summary>Which seeds are played, and the search for one that breaks a promise.</summary>
internal static class Seeds
{
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

    /// <summary>Plays one seed with a trace, shows it, and fails when a promise breaks.</summary>
    public static void Replay(int seed, Action<int, List<string>> play)
    {
        var trace = new List<string>();
        var broken = BrokenBy(number => play(number, trace))(seed);
        Assert.True(broken is null, $"Seed {seed}: {broken}\n{string.Join('\n', trace)}");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', trace));
    }

    /// <summary>Finds a seed that breaks a promise without the rule, the known one first.</summary>
    public static int MissedBy(string rule, int known, Func<int, string?> brokenBy)
    {
        var broken = brokenBy(known) is null ? FirstBroken(brokenBy, 0, 100_000) : known;
        Assert.True(broken is not null, $"No seed misses the rule '{rule}'.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{rule}: seed {broken}: {brokenBy(broken.Value)}");
        return broken.Value;
    }

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
