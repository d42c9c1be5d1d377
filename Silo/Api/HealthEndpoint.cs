namespace OrleansCache;

/// <summary><c>/healthz/live</c>: the process answers. <c>/healthz/ready</c>: the silo serves; 503 until it does and while it stops.</summary>
internal sealed class HealthEndpoint(Readiness readiness)
{
    public ValueTask HandleAsync(HttpContext context, ReadOnlySpan<char> path)
    {
        var body = readiness.Describe();
        return path switch
        {
            "live" => new(JsonResponse.WriteAsync(context, StatusCodes.Status200OK, body with { Status = "live" }, HttpJson.Plain.ReadinessBody)),
            "ready" => new(JsonResponse.WriteAsync(
                context, body.Status == Readiness.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, body, HttpJson.Plain.ReadinessBody)),
            _ => new(HttpProblem.NotFound("unknown-path", "Nothing is served under this path", "Use /healthz/live or /healthz/ready.").WriteAsync(context)),
        };
    }
}
