namespace OrleansCache;

/// <summary>Gathers what happened to one integration's calls. Thread-safe; kept over a reload.</summary>
internal sealed class IntegrationHealth(string integration, TimeProvider clock)
{
    private const int Remembered = 16;
    private readonly Lock _lock = new();
    private readonly Queue<RetrySeen> _retries = new();
    private long _calls;
    private long _failures;
    private long _retried;
    private string? _lastError;
    private DateTimeOffset? _lastErrorAt;

    public void Called() => Interlocked.Increment(ref _calls);

    public void Failed(string error)
    {
        lock (_lock)
            (_failures, _lastError, _lastErrorAt) = (_failures + 1, error, clock.GetUtcNow());
    }

    public void Retried(string method, int attempt, string detail, TimeSpan delay)
    {
        lock (_lock)
        {
            _retried++;
            _retries.Enqueue(new(clock.GetUtcNow(), method, attempt, detail, delay));
            if (_retries.Count > Remembered)
                _retries.Dequeue();
        }
    }

    public IntegrationStatus Describe(string? breaker)
    {
        lock (_lock)
        {
            return new()
            {
                Integration = integration,
                Breaker = breaker,
                Calls = Interlocked.Read(ref _calls),
                Failures = _failures,
                Retries = _retried,
                LastError = _lastError,
                LastErrorAt = _lastErrorAt,
                RecentRetries = [.. _retries],
            };
        }
    }
}
