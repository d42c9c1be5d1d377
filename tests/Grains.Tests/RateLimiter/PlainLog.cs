namespace OrleansCache.Tests;

/// <summary>The limiter as a first-year student would write it: every timestamp kept, every window counted anew.</summary>
internal static class PlainLog
{
    public static long FreeAt(List<long> granted, RateLimits limits, long from)
    {
        for (var at = from; ;)
        {
            var next = at;
            foreach (var (limit, length) in Windows(limits))
            {
                var counted = granted.Where(then => then > at - length && then <= at).Order().ToArray();
                if (counted.Length >= limit)
                    next = Math.Max(next, counted[counted.Length - (int)limit] + length);
            }

            if (next == at)
                return at;
            at = next;
        }
    }

    public static IEnumerable<(long Limit, long Length)> Windows(RateLimits limits) =>
        limits.ByWindow().Zip(PermitWindows.Lengths, (limit, length) => (limit, length + PermitWindows.PermitLife)).Where(window => window.limit < long.MaxValue);

    public static void AssertHolds(List<long> used, RateLimits limits, long tolerance = 0)
    {
        var sorted = used.Order().ToArray();
        foreach (var (limit, length) in Windows(limits))
        {
            for (var i = (int)limit; i < sorted.Length; i++)
                Assert.True(sorted[i] - sorted[i - (int)limit] >= length - PermitWindows.PermitLife - tolerance, $"{limit + 1} calls within {sorted[i] - sorted[i - (int)limit]} µs: at most {limit} in {length - PermitWindows.PermitLife}");
        }
    }
}
