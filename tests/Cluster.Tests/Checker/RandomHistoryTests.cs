namespace OrleansCache.Cluster;

/// <summary>The checker against histories made at random: right ones pass, planted faults are found, and on small ones it agrees with a search of all orders.</summary>
public sealed class RandomHistoryTests
{
    private static readonly int Seeds = Soak.IsOn ? 50 : 1;

    [Theory]
    [InlineData(1, 1, 200, 10, true)]
    [InlineData(2, 4, 60, 10, true)]
    [InlineData(3, 12, 40, 10, true)]
    [InlineData(4, 12, 40, 0, true)]
    [InlineData(5, 6, 40, 40, true)]
    [InlineData(6, 4, 40, 10, false)]
    [InlineData(7, 4, 40, 10, true, true)]
    [InlineData(8, 2, 60, 20, true, true)]
    public void A_right_register_passes(int seed, int workers, int calls, int unknown, bool versions, bool tag = false)
    {
        for (var round = 0; round < 20 * Seeds; round++)
        {
            var history = new SimulatedRegister((seed * 1_000_000) + round) { UnknownEndings = unknown, RemovalsHaveVersions = versions, HasTag = tag }.Run(workers, calls);

            Assert.Equal([], RegisterChecker.Check(history).Select(f => $"seed {seed} round {round} {f}"));
        }
    }

    [Fact]
    public void It_agrees_with_a_search_of_all_orders()
    {
        var (right, wrong) = (0, 0);
        for (var seed = 0; seed < 6_000 * Seeds; seed++)
        {
            var random = new Random(seed);
            var history = new SimulatedRegister(seed) { UnknownEndings = 30, RemovalsHaveVersions = seed % 2 == 0, HasTag = seed % 3 == 0 }.Run(workers: random.Next(1, 4), callsEach: 2).ToArray();
            for (var spoilt = random.Next(0, 3); spoilt > 0; spoilt--)
                Spoil(history, random);

            var expected = Plain.IsLinearizable(history);
            var found = RegisterChecker.Check(history);

            Assert.True(expected == found.IsEmpty, $"seed {seed}: expected {expected}, found {string.Join("\n", found)} in\n{string.Join("\n", history)}");
            _ = expected ? right++ : wrong++;
        }
        Assert.InRange(right, 1_500 * Seeds, int.MaxValue);
        Assert.InRange(wrong, 1_000 * Seeds, int.MaxValue);
    }

    [Theory]
    [InlineData(nameof(Fault.StaleRead))]
    [InlineData(nameof(Fault.ResurrectedRemoval))]
    [InlineData(nameof(Fault.LostWrite))]
    [InlineData(nameof(Fault.FromTheFuture))]
    [InlineData(nameof(Fault.PhantomValue))]
    [InlineData(nameof(Fault.DuplicateVersion))]
    [InlineData(nameof(Fault.VersionFell))]
    public void A_planted_fault_is_found(string fault)
    {
        var planted = 0;
        for (var seed = 0; seed < 100 * Seeds; seed++)
        {
            var history = new SimulatedRegister(seed) { UnknownEndings = 5 }.Run(workers: 6, callsEach: 30).ToArray();
            if (!Planted.Into(history, Enum.Parse<Fault>(fault), new Random(seed)))
                continue;

            planted++;
            Assert.False(RegisterChecker.Check(history).IsEmpty, $"seed {seed}: {fault} was not found");
        }
        Assert.InRange(planted, 50 * Seeds, int.MaxValue);
    }

    /// <summary>Changes one answer into another that a register might give.</summary>
    private static void Spoil(Operation[] history, Random random)
    {
        var i = random.Next(history.Length);
        var o = history[i];
        var written = history.Where(w => w is { Kind: OperationKind.Write, Version: > 0 }).ToArray();
        history[i] = (o.Kind, o.Ending, random.Next(4)) switch
        {
            (OperationKind.Read, _, 0) => o with { Value = 0, Version = 0 },
            (OperationKind.Read, _, _) when written.Length > 0 && written[random.Next(written.Length)] is var w => o with { Value = w.Value, Version = w.Version },
            (OperationKind.Remove, Ending.Ok, _) when o.Existed => o with { Existed = false },
            (OperationKind.Write, Ending.Ok, 0) => o with { Ending = Ending.Unknown, Version = 0 },
            (OperationKind.Write, Ending.Unknown, _) when o.Guard != Guard.None => o with { Ending = Ending.Refused, Version = random.Next(10, 20) },
            (OperationKind.Write, Ending.Refused, _) => o with { Version = random.Next(10, 20) },
            _ => o with { Begin = o.Begin + 30, End = o.End + 30 },
        };
    }
}
