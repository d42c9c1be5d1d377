namespace OrleansCache;

/// <summary>Whether a caller may go on, and as whom. <c>default</c> lets nobody in particular pass where nothing is asked for.</summary>
internal readonly record struct CallerPass
{
    /// <summary>For the origin; null where no exchange is configured.</summary>
    public CallerToken? Token { get; init; }

    /// <summary>Null for who may go on.</summary>
    public CallerRefusal? Refusal { get; init; }
}

/// <summary>Why a caller may not go on.</summary>
/// <param name="Problem">Of the gateway's own words.</param>
/// <param name="Challenge">The <c>WWW-Authenticate</c> of a 401.</param>
internal sealed record CallerRefusal(HttpProblem Problem, string? Challenge = null)
{
    public Task WriteAsync(HttpContext context)
    {
        context.Response.Headers["Cache-Status"] = CacheStatus.Refused(Problem.Type);
        if (Challenge is not null)
            context.Response.Headers.WWWAuthenticate = Challenge;
        return Problem.WriteAsync(context);
    }
}
