namespace OrleansCache.Simulation.Tests;

public class SimulationTests
{
    /// <summary>Each rule's name, what is left without it, and a seed that misses it: the first to be tried.</summary>
    private static readonly Dictionary<string, (Rules Left, int Seed)> Dropped = new(StringComparer.Ordinal)
    {
        ["outwait"] = (Rules.All with { Outwait = false }, 1),
        ["seal"] = (Rules.All with { Seal = false }, 100),
        ["fence before an answer"] = (Rules.All with { Fence = false }, 0),
        ["fence from sending"] = (Rules.All with { CountFromSending = false }, 6),
        ["epoch raised on read"] = (Rules.All with { RaiseEpoch = false }, 5020),
        ["end on another epoch"] = (Rules.All with { EndOnEpoch = false }, 3108),
        ["commit wait"] = (Rules.All with { CommitWait = false }, 1499),
        ["removal through"] = (Rules.All with { RemoveThrough = false }, 2),
        ["late writes expected"] = (Rules.All with { ExpectLateWrites = false }, 8445),
        ["restart of the store noticed"] = (Rules.All with { NoticeRestart = false }, 9),
        ["beginning waited out"] = (Rules.All with { WaitOutBeginning = false }, 245),
        ["beginning numbered by time"] = (Rules.All with { NumberByTime = false }, 312),
        ["chunk before grant"] = (Rules.All with { RecordBeforeGrant = false }, 0),
        ["open chunk counted"] = (Rules.All with { CountOpenChunk = false }, 13),
        ["limiter opened anew"] = (Rules.All with { ReopenLimiter = false }, 2364),
        ["store read after a beginning"] = (Rules.All with { ReadAfterBeginning = false }, 27528),
    };

    public static TheoryData<string> Mutations => [.. Dropped.Keys];

    [Fact]
    public void No_seed_breaks_a_promise()
    {
        if ((Seeds.One ?? Seeds.FirstBroken(BrokenBy(Rules.All), 0, Soak.IsOn ? 100_000 : 3_000)) is { } seed)
            Replay(seed);
    }

    [Fact]
    public void A_seed_plays_the_same_history_each_time()
    {
        var (first, second) = (new List<string>(), new List<string>());

        var cluster = Cluster.Play(7, Rules.All, first);
        Cluster.Play(7, Rules.All, second);

        Assert.Equal(first, second);
        Assert.InRange(cluster.Answered, 50, 1000);
        Assert.InRange(cluster.Called, 5, 100);
    }

    [Theory]
    [MemberData(nameof(Mutations))]
    public void A_rule_that_is_dropped_is_missed_by_some_seed(string rule)
    {
        var (left, seed) = Dropped[rule];

        Cluster.Play(Seeds.MissedBy(rule, seed, BrokenBy(left)), Rules.All);
    }

    private static Func<int, string?> BrokenBy(Rules rules) => Seeds.BrokenBy(seed => Cluster.Play(seed, rules));

    private static void Replay(int seed) => Seeds.Replay(seed, static (number, trace) => Cluster.Play(number, Rules.All, trace));
}
