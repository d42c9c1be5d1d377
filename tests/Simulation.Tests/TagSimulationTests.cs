namespace OrleansCache.Simulation.Tests;

/// <summary>The tag log of several silos, seed by seed; <c>ORLEANSCACHE_SEED</c> shows one.</summary>
public class TagSimulationTests
{
    private static readonly Dictionary<string, (TagRules Left, int Seed)> Dropped = new(StringComparer.Ordinal)
    {
        ["others waited for"] = (TagRules.All with { WaitForOthers = false }, 0),
        ["leases outwaited"] = (TagRules.All with { Outwait = false }, 101),
        ["lease before an answer"] = (TagRules.All with { Lease = false }, 100),
        ["lease from sending"] = (TagRules.All with { CountFromSending = false }, 266),
        ["told is what is known"] = (TagRules.All with { TellWhatIsKnown = false }, 100),
        ["beginning waited out"] = (TagRules.All with { WaitOutBeginning = false }, 6),
        ["beginning doubted"] = (TagRules.All with { DoubtBeginning = false }, 329),
        ["restart of the server noticed"] = (TagRules.All with { NoticeRestart = false }, 329),
        ["log behind noticed"] = (TagRules.All with { NoticeBehind = false }, 221),
        ["stamps compared"] = (TagRules.All with { CompareStamps = false }, 3399),
    };

    public static TheoryData<string> Mutations => [.. Dropped.Keys];

    [Fact]
    public void No_seed_serves_what_an_acknowledged_raise_hit()
    {
        if (Seeds.One is { } one)
            Replay(one);
        else if (Seeds.FirstBroken(BrokenBy(TagRules.All), 0, Soak.IsOn ? 100_000 : 1_000) is { } seed)
            Replay(seed);
    }

    [Fact]
    public void Raises_are_acknowledged_in_every_seed() => Assert.InRange(TagCluster.Play(7, TagRules.All).Raised, 10, 100);

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(100)]
    public void A_raise_costs_each_silo_two_questions_and_is_acknowledged_after_a_few_round_trips(int silos)
    {
        var (traffic, took) = TagCluster.RaiseOne(silos);

        TestContext.Current.TestOutputHelper?.WriteLine($"{silos} silos: {traffic.Calls} calls, {traffic.Hints} hints, {traffic.Bytes} bytes; acknowledged after {took / 1000.0:0.0} ms");
        Assert.InRange(traffic.Calls, 2 * silos, (2 * silos) + 6);
        Assert.InRange(traffic.Hints, silos, 2 * silos);
        Assert.InRange(traffic.Bytes, 1, 1_200L * silos);
        Assert.InRange(took, 1, 20_000);
    }

    [Theory]
    [MemberData(nameof(Mutations))]
    public void A_rule_that_is_dropped_is_missed_by_some_seed(string rule)
    {
        var (left, seed) = Dropped[rule];

        TagCluster.Play(Seeds.MissedBy(rule, seed, BrokenBy(left)), TagRules.All);
    }

    private static Func<int, string?> BrokenBy(TagRules rules) => Seeds.BrokenBy(seed => TagCluster.Play(seed, rules));

    private static void Replay(int seed) => Seeds.Replay(seed, static (number, trace) => TagCluster.Play(number, TagRules.All, trace));
}
