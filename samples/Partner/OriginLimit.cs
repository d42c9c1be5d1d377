namespace OrleansCache.Samples;

/// <summary>
/// An exact sliding log: at most <paramref name="limit"/> grants in any <c>(t − window, t]</c>. Refused calls take nothing.
/// Instants must not fall. Not thread-safe.
/// </summary>
internal sealed class OriginLimit(int limit, TimeSpan window)
{
    private readonly DateTimeOffset[] _grants = new DateTimeOffset[limit];
    private int _oldest;

    /// <returns>Zero for a grant, else how long until a call can be granted.</returns>
    public TimeSpan TryTake(DateTimeOffset now)
    {
        var wait = _grants[_oldest] + window - now;
        if (wait > TimeSpan.Zero)
            return wait;

        _grants[_oldest] = now;
        _oldest = (_oldest + 1) % limit;
        return TimeSpan.Zero;
    }
}
