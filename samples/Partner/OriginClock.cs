namespace OrleansCache.Samples;

/// <summary>UTC as it was at the start, carried on by the monotonic clock: differences are exact, whatever happens to the wall clock.</summary>
internal sealed class OriginClock(TimeProvider time)
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly long _started = time.GetTimestamp();

    public TimeProvider Time => time;

    public DateTimeOffset Now => _startedAt + time.GetElapsedTime(_started);
}
