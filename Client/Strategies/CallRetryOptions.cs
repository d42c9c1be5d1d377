using Polly.Retry;

namespace OrleansCache;

/// <summary>Attempts after a failed one: Polly's knobs (count, kind of wait, jitter, longest wait, a wait of one's own, what is retried by exception or result,
/// a callback before each wait), and callbacks around each attempt. The time for all together is <see cref="CacheStrategy.Timeout"/>.</summary>
/// <remarks>Set before the strategy's first use; a later change has no effect.</remarks>
public sealed class CallRetryOptions : RetryStrategyOptions
{
    /// <summary>Called before each attempt, after its permit was given.</summary>
    public Func<CallAttempt, ValueTask>? OnAttempt { get; set; }

    /// <summary>Called after each attempt, whatever its end.</summary>
    public Func<CallAttempt, ValueTask>? OnAttempted { get; set; }

    /// <summary>Makes the exception that is thrown at the end, of the last one and the number of attempts. Null throws the last one as it came.</summary>
    public Func<Exception, int, Exception>? Wrap { get; set; }
}

/// <summary>One attempt of a call.</summary>
/// <param name="AttemptNumber">0 for the first, as in Polly.</param>
/// <param name="Exception">How it failed; null before its end, and for a result.</param>
/// <param name="Result">What it gave; null before its end.</param>
/// <param name="Duration">How long it took; zero before its end.</param>
public readonly record struct CallAttempt(int AttemptNumber, Exception? Exception = null, object? Result = null, TimeSpan Duration = default);
