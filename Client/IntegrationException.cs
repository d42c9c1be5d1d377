namespace OrleansCache;

/// <summary>An integration's call gave no value, and no stale one could be served.</summary>
public sealed class IntegrationException : Exception
{
    internal IntegrationException(LoadProblem problem, Exception? innerException = null)
        : base(problem.Message ?? problem.Detail, innerException) => Problem = problem;

    internal LoadProblem Problem { get; }

    /// <summary>For a write: true when the origin may have done it all the same.</summary>
    public bool MayHaveHappened { get; internal init; }

    /// <summary>For a write: true when a silo may still be asking the origin.</summary>
    internal bool MayBeRunning { get; init; }

    /// <summary>A short token: <c>origin-503</c>, <c>timeout</c>, <c>breaker-open</c>, <c>limited</c>.</summary>
    public string Detail => Problem.Detail;

    /// <summary>The origin's status code; 0 when it gave none.</summary>
    public int StatusCode => Problem.StatusCode;

    /// <summary>After this, another try can succeed; null when unknown.</summary>
    public TimeSpan? RetryAfter => Problem.RetryAfterMilliseconds > 0 ? TimeSpan.FromMilliseconds(Problem.RetryAfterMilliseconds) : null;
}
