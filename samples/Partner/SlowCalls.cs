using System.Globalization;

namespace OrleansCache.Samples;

/// <summary>What each call goes through before it is answered: it is counted, then fails, or is refused, or takes its time.</summary>
internal sealed class SlowCalls(FrontDoor door, OriginClock clock, TimeSpan delay, CancellationToken stopping)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // The server leaves %2F encoded; here a time zone's id has the same path in either form.
        var path = (context.Request.Path.Value ?? "/").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        context.Request.Path = path;
        if (ControlEndpoints.Has(path))
        {
            await next(context);
            return;
        }

        var (failure, wait) = door.Arrive(path == "/orders" ? path + context.Request.QueryString : path);
        if (wait > TimeSpan.Zero)
        {
            await RefuseAsync(context, wait);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await Task.Delay(failure?.Status == Failure.Hang ? Timeout.InfiniteTimeSpan : delay, clock.Time, ended.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
            return;
        }

        await (failure is null ? next(context) : FailAsync(context, failure));
    }

    private static Task RefuseAsync(HttpContext context, TimeSpan wait)
    {
        var seconds = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = seconds;
        return TypedResults.Problem(
            $"The limit is reached; come back in {seconds} s.",
            title: "Too Many Requests",
            statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(context);
    }

    private static Task FailAsync(HttpContext context, Failure failure)
    {
        if (failure.Status == Failure.Reset)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        if (failure.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem("The failure switch is on; DELETE /failure turns it off.", statusCode: failure.StatusCode)
            .ExecuteAsync(context);
    }
}
