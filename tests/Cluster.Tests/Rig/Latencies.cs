namespace OrleansCache.Cluster;

/// <summary>How long calls took, in milliseconds, sorted.</summary>
internal sealed class Latencies(List<double> sorted)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    public double P50 => sorted[sorted.Count / 2];

    public double P99 => sorted[sorted.Count * 99 / 100];

    /// <summary>Makes calls, four at a time with pauses between them, for as long as told.</summary>
    /// <param name="call">The n-th; it throws where the answer is wrong.</param>
    /// <param name="length">Of the whole.</param>
    public static async Task<Latencies> OfAsync(Func<int, Task> call, TimeSpan length)
    {
        var clock = TimeProvider.System;
        var (begun, next) = (clock.GetTimestamp(), 0);
        var took = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var all = new List<double>();
            while (clock.GetElapsedTime(begun) < length)
            {
                var number = Interlocked.Increment(ref next);
                var at = clock.GetTimestamp();
                await call(number);
                all.Add(clock.GetElapsedTime(at).TotalMilliseconds);
                await Task.Delay(Pause, clock);
            }
            return all;
        })));
        return new([.. took.SelectMany(static all => all).Order()]);
    }

    public override string ToString() => FormattableString.Invariant($"p50 {P50:0.00} ms, p99 {P99:0.00} ms, slowest {sorted[^1]:0.0} ms of {sorted.Count}");
}
