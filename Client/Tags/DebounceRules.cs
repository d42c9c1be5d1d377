namespace OrleansCache;

/// <summary>How long a raise waits for quiet, and at most.</summary>
internal readonly record struct Debounce(TimeSpan Quiet, TimeSpan AtMost);

/// <summary>What those times must be.</summary>
internal static class DebounceRules
{
    private const int DefaultFactor = 10;
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <exception cref="ArgumentOutOfRangeException">One of them is out of its range.</exception>
    public static Debounce Checked(TimeSpan debounce, TimeSpan? atMost)
    {
        if (debounce < Least || debounce > Most)
            throw new ArgumentOutOfRangeException(nameof(debounce), debounce, $"debounce is {debounce}; set it from {Least} to {Most}, or invalidate at once.");
        if (atMost is { } longest && (longest < debounce || longest > Longest))
            throw new ArgumentOutOfRangeException(nameof(atMost), atMost, $"atMost is {atMost}; set it from debounce ({debounce}) to {Longest}.");
        return new(debounce, atMost ?? DefaultFactor * debounce);
    }
}
