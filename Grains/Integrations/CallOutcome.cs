using Polly.CircuitBreaker;
using Polly.Timeout;

namespace OrleansCache;

/// <summary>How one attempt ended, when it ended with something to judge.</summary>
/// <param name="Response">The origin's answer.</param>
/// <param name="IsLimited">True when no permit was to be had, so that nothing left, and another attempt helps nobody.</param>
/// <param name="RetryAfter">For <paramref name="IsLimited"/>, when a permit could be had.</param>
/// <param name="Hold">For <paramref name="IsLimited"/>, what keeps permits back.</param>
internal readonly record struct CallOutcome(IntegrationResponse Response, bool IsLimited = false, TimeSpan RetryAfter = default, PermitHold Hold = default)
{
    /// <summary>The answers for many keys; null for a call that is for one. Then the response is that of the whole.</summary>
    public IReadOnlyList<IntegrationResponse>? Items { get; init; }

    /// <summary>Judged as a value as long as one key has an answer: another attempt for all makes none of the failed ones alone.</summary>
    public static CallOutcome Of(IReadOnlyList<IntegrationResponse> items) =>
        new(items.All(static item => item.Kind is IntegrationResponseKind.Failed) ? items[0] : IntegrationResponse.Value(default)) { Items = items };

    /// <summary>With <see cref="IsLimited"/>, when it was not for want of a permit: the turn in which it was to leave may be over.</summary>
    public bool IsTooLate { get; private init; }

    public static CallOutcome TooLate { get; } = new(default, IsLimited: true) { IsTooLate = true };

    public static CallOutcome Limited(TimeSpan retryAfter, PermitHold hold) => new(default, IsLimited: true, retryAfter, hold);

    /// <summary>True for what another attempt may make better.</summary>
    public static bool IsTransient(CallOutcome outcome, Exception? exception) => exception switch
    {
        null => !outcome.IsLimited && outcome.Response.Kind == IntegrationResponseKind.Failed,
        BrokenCircuitException or OperationCanceledException or PermitRefusedException => false,
        _ => true,
    };

    /// <summary>True for what says that the origin is ill. 429 says that it is busy and well: the limiter pauses instead.</summary>
    public static bool IsIllness(CallOutcome outcome, Exception? exception) =>
        IsTransient(outcome, exception) && !(exception is null && outcome.Response.StatusCode == 429);

    /// <summary>True for what says nothing of the origin: nothing left, or nobody waited for its answer. It ends no breaker's trial well.</summary>
    public static bool IsUnasked(CallOutcome outcome, Exception? exception) => exception is OperationCanceledException || (exception is null && outcome.IsLimited);

    /// <summary>True for what says whether the origin has done what it was asked; 408 and 429 say that it has not.</summary>
    public static bool Tells(in IntegrationResponse response) => response.Kind switch
    {
        IntegrationResponseKind.Value or IntegrationResponseKind.Absent or IntegrationResponseKind.Refused => true,
        _ => response.StatusCode is 408 or 429,
    };

    /// <summary>The problem as callers see it; null when it is none.</summary>
    public static LoadProblem? ProblemOf(CallOutcome outcome, Exception? exception, OriginBreaker? breaker) => exception switch
    {
        null when outcome.IsTooLate => WriterAnswer.NotAsked(WriterAnswers.TurnIsOver).Problem,
        null when outcome.IsLimited => new()
        {
            Kind = ProblemKind.Limited,
            Detail = "limited",
            RetryAfterMilliseconds = Milliseconds(outcome.RetryAfter),
            Message = outcome.Hold switch
            {
                PermitHold.Pause => "The origin asked for a pause (429 or 503 with Retry-After), and no call leaves before its end.",
                PermitHold.Away => "No permit is given while the store that permits are recorded in, or the rate limiter's silo, is away.",
                _ => "The integration's RateLimit gives no permit within the time that the call may wait for one: MaxWait, or none where OnMiss is Refuse. Retry-After says when.",
            },
        },
        null => ProblemOf(outcome.Response),
        BrokenCircuitException => new()
        {
            Kind = ProblemKind.BreakerOpen,
            Detail = "breaker-open",
            RetryAfterMilliseconds = Milliseconds(breaker?.OpenFor ?? TimeSpan.Zero),
            Message = breaker?.Cause is { } cause
                ? $"The circuit breaker is open: the origin failed too often, last with {cause.Detail}: {cause.Message}"
                : "The circuit breaker is open: the origin failed too often.",
        },
        TimeoutRejectedException timeout => new() { Kind = ProblemKind.Timeout, Detail = "timeout", Message = $"No answer within {timeout.Timeout.TotalSeconds:0.###} s." },
        HttpRequestException or IOException => new() { Kind = ProblemKind.OriginFailed, Detail = "origin-reset", Message = Innermost(exception) },
        _ => new() { Kind = ProblemKind.OriginFailed, Detail = "origin-error", Message = $"{exception.GetType().Name}: {exception.Message}" },
    };

    private static LoadProblem? ProblemOf(in IntegrationResponse response) => response.Kind switch
    {
        IntegrationResponseKind.Value or IntegrationResponseKind.NotModified => null,
        IntegrationResponseKind.Absent => Problem(response, ProblemKind.NotFound),
        IntegrationResponseKind.Refused => Problem(response, ProblemKind.OriginRefused),
        IntegrationResponseKind.TooLarge => Problem(response, ProblemKind.TooLarge) with { Detail = "too-large" },
        IntegrationResponseKind.Unusable => Problem(response, ProblemKind.OriginFailed) with { Message = $"The origin answered {response.StatusCode}, which is nothing to store; redirects are not followed." },
        _ => Problem(response, ProblemKind.OriginFailed) with { Body = null, ContentType = null },
    };

    private static LoadProblem Problem(in IntegrationResponse response, ProblemKind kind) => new()
    {
        Kind = kind,
        Detail = response.StatusCode > 0 ? $"origin-{response.StatusCode}" : "origin-error",
        StatusCode = response.StatusCode,
        RetryAfterMilliseconds = Milliseconds(response.RetryAfter ?? TimeSpan.Zero),
        Body = response.Body.ToArray(),
        ContentType = response.ContentType,
        Message = response.Message ?? $"The origin answered {response.StatusCode}.",
    };

    private static long Milliseconds(TimeSpan time) => (long)Math.Ceiling(Math.Max(0, time.TotalMilliseconds));

    private static string Innermost(Exception exception) =>
        exception.InnerException is { } inner ? $"{exception.Message} {inner.Message}" : exception.Message;
}
