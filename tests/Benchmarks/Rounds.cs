namespace OrleansCache;

/// <summary>Runs contenders in alternating rounds, so that the machine's moods hit all of them, and takes medians.</summary>
internal static class Rounds
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>Measures each contender with a number of calls outstanding.</summary>
    public static async Task<IReadOnlyList<Measured>> RunAsync(IReadOnlyList<Contender> contenders, int outstanding, int callsPerRound, int rounds)
    {
        foreach (var contender in contenders)
            await RoundAsync(contender, outstanding, callsPerRound);

        var results = contenders.ToDictionary(c => c, _ => new List<Measured>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in contenders)
                results[contender].Add(await RoundAsync(contender, outstanding, callsPerRound));
        }

        return [.. contenders.Select(c => new Measured(
            c.Name,
            Median(results[c].Select(r => r.P50)),
            Median(results[c].Select(r => r.P99)),
            Median(results[c].Select(r => r.PerSecond)),
            Median(results[c].Select(r => r.BytesPerCall))))];
    }

    private static async Task<Measured> RoundAsync(Contender contender, int outstanding, int calls)
    {
        GC.Collect();
        var latencies = new long[calls];
        var next = -1;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var start = Clock.GetTimestamp();
        if (outstanding == 1)
            await WorkAsync();
        else
            await Task.WhenAll(Enumerable.Range(0, outstanding).Select(_ => Task.Run(WorkAsync)));
        var elapsed = Clock.GetElapsedTime(start);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Array.Sort(latencies);
        return new(contender.Name, Micros(latencies[calls / 2]), Micros(latencies[calls * 99 / 100]), calls / elapsed.TotalSeconds, (double)allocated / calls);

        async Task WorkAsync()
        {
            for (int i; (i = Interlocked.Increment(ref next)) < calls;)
            {
                var began = Clock.GetTimestamp();
                await contender.Operation(i).ConfigureAwait(false);
                latencies[i] = Clock.GetTimestamp() - began;
            }
        }
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static double Micros(long ticks) => ticks * 1e6 / Clock.TimestampFrequency;
}
