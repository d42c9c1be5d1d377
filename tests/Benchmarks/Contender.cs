namespace OrleansCache;

/// <summary>One thing that is measured: an operation, called with a running number.</summary>
internal sealed record Contender(string Name, Func<int, ValueTask> Operation);

/// <summary>What the rounds of one contender gave; medians over the rounds.</summary>
/// <param name="P50">Median latency in microseconds.</param>
/// <param name="P99">In microseconds.</param>
/// <param name="PerSecond">Operations a second.</param>
/// <param name="BytesPerCall">Allocated in this process.</param>
internal sealed record Measured(string Name, double P50, double P99, double PerSecond, double BytesPerCall);
