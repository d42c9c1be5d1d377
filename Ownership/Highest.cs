namespace OrleansCache;

/// <summary>A number that threads share and that only grows.</summary>
internal static class Highest
{
    /// <summary>Raises the number to the value where it is lower.</summary>
    /// <returns>What it was before, as <see cref="Interlocked.Exchange(ref long, long)"/> does: lower than the value if this call raised it.</returns>
    public static long Raise(ref long highest, long value)
    {
        var before = Volatile.Read(ref highest);
        while (value > before)
        {
            var seen = Interlocked.CompareExchange(ref highest, value, before);
            if (seen == before)
                break;
            before = seen;
        }
        return before;
    }
}
