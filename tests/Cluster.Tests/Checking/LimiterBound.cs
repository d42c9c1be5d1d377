using System.Collections.Immutable;

namespace OrleansCache.Cluster;

/// <summary>At most so many calls in any sliding window, counted where they arrive.</summary>
internal static class LimiterBound
{
    /// <summary>What the way to the origin may shift two calls against each other.</summary>
    public static TimeSpan Tolerance { get; } = TimeSpan.FromMilliseconds(50);

    /// <param name="arrivals">At the origin, in any order.</param>
    /// <param name="limit">Calls in a window.</param>
    /// <param name="window">Its length.</param>
    public static ImmutableArray<Finding> Check(IEnumerable<DateTimeOffset> arrivals, int limit, TimeSpan window)
    {
        DateTimeOffset[] sorted = [.. arrivals.Order()];
        return
        [
            .. Enumerable.Range(0, Math.Max(0, sorted.Length - limit)).Where(i => sorted[i + limit] - sorted[i] < window - Tolerance)
                .Select(i => new Finding(Fault.OverTheLimit, 0, $"{limit + 1} calls in {(sorted[i + limit] - sorted[i]).TotalMilliseconds:0.###} ms from {sorted[i]:O} on; {limit} in {window} is the limit")),
        ];
    }
}
