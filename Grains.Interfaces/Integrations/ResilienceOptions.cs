using Polly;

namespace OrleansCache;

/// <summary>How a call survives a bad origin, in Polly's names. Section <c>OrleansCache:Resilience:{name}</c>; an integration and a method may set the same inline. What is null follows the next wider place.</summary>
public class ResilienceOptions
{
    /// <summary>The whole call with its retries and waits, 10 ms to one day. Default 30 s.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>One attempt, 10 ms to <see cref="Timeout"/>. Default 10 s.</summary>
    public TimeSpan? AttemptTimeout { get; set; }

    /// <summary>Attempts after a failed one.</summary>
    public RetryOptions? Retry { get; set; }

    /// <summary>When to leave a failing origin alone.</summary>
    public CircuitBreakerOptions? CircuitBreaker { get; set; }
}

/// <summary>Attempts after a failed one, in Polly's names. What is null follows the next wider place.</summary>
public sealed class RetryOptions
{
    /// <summary>Attempts after the first, 0 to 100; 0 does not retry. Default 3.</summary>
    public int? MaxRetryAttempts { get; set; }

    /// <summary>How <see cref="Delay"/> grows: <c>Constant</c>, <c>Linear</c> or <c>Exponential</c>. Default <c>Exponential</c>.</summary>
    public DelayBackoffType? BackoffType { get; set; }

    /// <summary>The first wait, 0 to one day. Default 200 ms.</summary>
    public TimeSpan? Delay { get; set; }

    /// <summary>The longest wait, 0 to one day. Default 10 s.</summary>
    public TimeSpan? MaxDelay { get; set; }

    /// <summary>Whether waits are made random, so that many do not come back at once. Default true.</summary>
    public bool? UseJitter { get; set; }

    /// <summary>Whether POST, PUT, PATCH and DELETE are retried too: only for an origin that takes a repetition well. Default false.</summary>
    public bool? UnsafeMethods { get; set; }
}

/// <summary>When to leave a failing origin alone, in Polly's names. What is null follows the next wider place.</summary>
public sealed class CircuitBreakerOptions
{
    /// <summary>False calls without a breaker. Default true.</summary>
    public bool? Enabled { get; set; }

    /// <summary>The share of failed calls that opens it, over 0 to 1. Default 0.5.</summary>
    public double? FailureRatio { get; set; }

    /// <summary>Calls within the sampling time before it may open, 2 or more. Default 10.</summary>
    public int? MinimumThroughput { get; set; }

    /// <summary>How far back calls are judged, 500 ms to one day. Default 30 s.</summary>
    public TimeSpan? SamplingDuration { get; set; }

    /// <summary>How long it stays open before it lets one call try, 500 ms to one day. Default 5 s.</summary>
    public TimeSpan? BreakDuration { get; set; }
}
