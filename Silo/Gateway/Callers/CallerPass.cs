namespace OrleansCache;

/// <summary>Whether a caller may go on, and as whom. <c>default</c> lets nobody in particular pass where nothing is asked for.</summary>
internal readonly record struct CallerPass
{
    /// <summary>For the origin; null where no exchange is configured.</summary>
    public CallerToken? Token { get; init; }

    /// <summary>Null for who may go on.</summary>
    public CallerRefusal? Refusal { get; init; }

    /// <summary>When the token ends, as a timestamp of the silo's clock and the time from it on; null for a pass that does not end.</summary>
    public (long Since, TimeSpan GoodFor)? Ends { get; init; }

    /// <summary>How long what this caller is told may still go on: zero when it is over; null for no end.</summary>
    public TimeSpan? Left(TimeProvider clock) => Ends is not { } ends ? null
        : ends.GoodFor - clock.GetElapsedTime(ends.Since) is { Ticks: > 0 } left ? left : TimeSpan.Zero;
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
