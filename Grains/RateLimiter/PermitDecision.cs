namespace OrleansCache;

/// <summary>What the limiter's rules say to one question. <c>default</c> refuses.</summary>
/// <param name="Kind">The answer.</param>
/// <param name="RetryAfter">Microseconds: for a wait, when to ask again; for a refusal, when a permit could be had.</param>
internal readonly record struct PermitDecision(PermitDecisionKind Kind, long RetryAfter = 0);

internal enum PermitDecisionKind
{
    Refused = 0,
    Granted = 1,
    Wait = 2,

    /// <summary>A permit is free, but the store must record it first: write, then ask again.</summary>
    MustRecord = 3,
}
