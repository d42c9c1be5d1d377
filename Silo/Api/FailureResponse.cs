namespace OrleansCache;

/// <summary>Answers a read that failed, by the kind of its problem.</summary>
internal static class FailureResponse
{
    public static ValueTask WriteAsync(HttpContext context, in ReadReply reply)
    {
        context.Response.Headers["Cache-Status"] = CacheStatus.Of(in reply);
        return WriteAsync(context, reply.Problem ?? new() { Kind = ProblemKind.Unavailable, Message = "The owner gave no reason." });
    }

    /// <summary>What the origin refused is passed on as it came.</summary>
    public static ValueTask WriteAsync(HttpContext context, LoadProblem problem)
    {
        if (problem.Kind is ProblemKind.OriginRefused or ProblemKind.NotFound)
        {
            if (RetryAfter(problem) is { } wait)
                context.Response.Headers.RetryAfter = HttpNumber.Text((long)Math.Ceiling(wait.TotalSeconds));
            context.Response.Headers.CacheControl = "no-store";
            var status = problem.Kind == ProblemKind.NotFound ? StatusCodes.Status404NotFound : problem.StatusCode;
            return ValueResponse.WriteBytesAsync(context, status, problem.Body ?? [], problem.ContentType);
        }

        return new(Describe(problem).WriteAsync(context));
    }

    public static HttpProblem Describe(LoadProblem problem)
    {
        var said = problem.Message is { Length: > 0 } message ? message : problem.Detail;
        return problem.Kind switch
        {
            ProblemKind.OriginFailed => new(StatusCodes.Status502BadGateway, "origin-failed", "The origin failed and no stale value may be served", said) { RetryAfter = RetryAfter(problem) },
            ProblemKind.BreakerOpen => new(StatusCodes.Status502BadGateway, "breaker-open", "The origin failed too often and is left alone for a while", said) { RetryAfter = RetryAfter(problem) },
            ProblemKind.TooLarge => new(StatusCodes.Status502BadGateway, "origin-too-large", "The origin's answer is larger than an entry may be", said),
            ProblemKind.Timeout => new(StatusCodes.Status504GatewayTimeout, "origin-timeout", "The origin did not answer in time and no stale value may be served", said),
            ProblemKind.Limited => new(StatusCodes.Status503ServiceUnavailable, "limited", "The integration's rate limit leaves no call for this", said) { RetryAfter = RetryAfter(problem) ?? TimeSpan.FromSeconds(1) },
            ProblemKind.Overloaded => new(StatusCodes.Status503ServiceUnavailable, "overloaded", "Too many callers wait for this key", said) { RetryAfter = RetryAfter(problem) ?? TimeSpan.FromSeconds(1) },
            ProblemKind.BadCall => BadCall(problem, said),
            _ => HttpProblem.Unavailable(said, RetryAfter(problem)),
        };
    }

    private static HttpProblem BadCall(LoadProblem problem, string said) => problem.Detail switch
    {
        "unknown-integration" => HttpProblem.NotFound("unknown-integration", "No such integration", said),
        "unknown-method" => HttpProblem.NotFound("unknown-method", "The integration has no such method", said),
        "method-not-allowed" when problem.Allow is { } allow => HttpProblem.MethodNotAllowed(said, allow),
        "missing-argument" => HttpProblem.BadRequest("missing-argument", "An argument is missing", said),
        "surplus-argument" => HttpProblem.BadRequest("surplus-argument", "The method does not take this argument", said),
        "bad-argument" => HttpProblem.BadRequest("bad-argument", "An argument cannot be used", said),
        _ => HttpProblem.BadRequest("bad-call", "The call cannot be made", said),
    };

    private static TimeSpan? RetryAfter(LoadProblem problem) =>
        problem.RetryAfterMilliseconds > 0 ? TimeSpan.FromMilliseconds(problem.RetryAfterMilliseconds) : null;
}
