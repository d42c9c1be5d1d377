using Microsoft.AspNetCore.Diagnostics;

namespace OrleansCache.Samples.Shop;

/// <summary>What the cache and the partner may refuse, as an answer to the shop's visitor.</summary>
internal sealed class CacheProblems(IProblemDetailsService problems) : IExceptionHandler
{
    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        (int Status, TimeSpan? RetryAfter)? answer = exception switch
        {
            IntegrationException { StatusCode: 404 } => (StatusCodes.Status404NotFound, null),
            IntegrationException failed => (StatusCodes.Status502BadGateway, failed.RetryAfter),
            HttpRequestException => (StatusCodes.Status502BadGateway, null),
            CacheUnavailableException away => (StatusCodes.Status503ServiceUnavailable, away.RetryAfter),
            ArgumentException => (StatusCodes.Status400BadRequest, null),
            _ => null,
        };
        if (answer is not var (status, retryAfter))
            return new(false);
        httpContext.Response.StatusCode = status;
        if (retryAfter is { } wait)
            httpContext.Response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return problems.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = { Status = status, Detail = exception.Message } });
    }
}
