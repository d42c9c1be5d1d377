namespace OrleansCache;

public sealed class ChaosTests
{
    [Fact]
    public async Task A_dropped_answer_is_a_silo_unavailable_and_the_call_may_have_run()
    {
        await using var rig = await Rig.StartAsync(o => o.Chaos = new() { Drop = 0.5, Seed = 3 });
        var client = await rig.ClientAsync();
        var (answered, dropped) = (0, 0);

        for (var n = 0; n < 100; n++)
        {
            try
            {
                await client.GetGrain<IWorkGrain>("a").AddAsync(1, n);
                answered++;
            }
            catch (SiloUnavailableException)
            {
                dropped++;
            }
        }

        Assert.True(answered > 20 && dropped > 20, $"{answered} answered, {dropped} dropped");
    }

    [Fact]
    public async Task Grains_are_deactivated_at_random_and_no_call_is_lost()
    {
        await using var rig = await Rig.StartAsync(o => o.Chaos = new() { Deactivate = 0.3, Seed = 4 });
        var client = await rig.ClientAsync();

        var sums = await Task.WhenAll(Enumerable.Range(0, 500).Select(n => client.GetGrain<IWorkGrain>($"{n % 7}").AddAsync(1, n)));

        Assert.Equal(Enumerable.Range(1, 500), sums);
    }

    [Fact]
    public void The_same_seed_decides_the_same()
    {
        var (one, two) = (Decisions(9), Decisions(9));

        Assert.Equal(one, two);
        Assert.NotEqual(one, Decisions(10));

        static List<bool> Decisions(int seed)
        {
            var chaos = new Chaos(new() { Seed = seed, Drop = 0.5 }, TimeProvider.System);
            return [.. Enumerable.Range(0, 100).Select(_ => chaos.Drops)];
        }
    }
}
