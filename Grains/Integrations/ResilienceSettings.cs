using Polly;

namespace OrleansCache;

/// <summary>The resilience of one method, with nothing left open. Equal for equal configuration.</summary>
internal sealed record ResilienceSettings
{
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);
    public RetrySettings Retry { get; init; } = new();
    public CircuitBreakerSettings CircuitBreaker { get; init; } = new();

    /// <summary>What a narrower place sets goes before what this says.</summary>
    public ResilienceSettings With(ResilienceOptions? narrower) => narrower is null ? this : this with
    {
        Timeout = narrower.Timeout ?? Timeout,
        AttemptTimeout = narrower.AttemptTimeout ?? AttemptTimeout,
        Retry = narrower.Retry is not { } retry ? Retry : new()
        {
            MaxRetryAttempts = retry.MaxRetryAttempts ?? Retry.MaxRetryAttempts,
            BackoffType = retry.BackoffType ?? Retry.BackoffType,
            Delay = retry.Delay ?? Retry.Delay,
            MaxDelay = retry.MaxDelay ?? Retry.MaxDelay,
            UseJitter = retry.UseJitter ?? Retry.UseJitter,
            UnsafeMethods = retry.UnsafeMethods ?? Retry.UnsafeMethods,
        },
        CircuitBreaker = narrower.CircuitBreaker is not { } breaker ? CircuitBreaker : new()
        {
            Enabled = breaker.Enabled ?? CircuitBreaker.Enabled,
            FailureRatio = breaker.FailureRatio ?? CircuitBreaker.FailureRatio,
            MinimumThroughput = breaker.MinimumThroughput ?? CircuitBreaker.MinimumThroughput,
            SamplingDuration = breaker.SamplingDuration ?? CircuitBreaker.SamplingDuration,
            BreakDuration = breaker.BreakDuration ?? CircuitBreaker.BreakDuration,
        },
    };
}

internal sealed record RetrySettings
{
    public int MaxRetryAttempts { get; init; } = 3;
    public DelayBackoffType BackoffType { get; init; } = DelayBackoffType.Exponential;
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(200);
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);
    public bool UseJitter { get; init; } = true;
    public bool UnsafeMethods { get; init; }
}

internal sealed record CircuitBreakerSettings
{
    public bool Enabled { get; init; } = true;
    public double FailureRatio { get; init; } = 0.5;
    public int MinimumThroughput { get; init; } = 10;
    public TimeSpan SamplingDuration { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(5);
}
