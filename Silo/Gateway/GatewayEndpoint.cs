namespace OrleansCache;

/// <summary><c>GET /{integration}/{method}?arg=value</c>: an integration's method through its key's owner.</summary>
internal sealed class GatewayEndpoint(IRawCache cache, CallerGate gate, ClientMetrics metrics, SiloStatistics statistics, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    public const string Methods = "GET, HEAD";

    public ValueTask HandleAsync(HttpContext context, string integration, string method, ReadOnlySpan<char> query) =>
        QueryArguments.TryParse(query, out var arguments, out var problem)
            ? CallAsync(context, integration, method, arguments)
            : new(RefuseAsync(context, problem));

    private async ValueTask CallAsync(HttpContext context, string integration, string method, Dictionary<string, string?> arguments)
    {
        var pass = await gate.PassAsync(context, integration);
        if (pass.Refusal is { } refusal)
        {
            await refusal.WriteAsync(context);
            return;
        }

        if (!SessionHeader.TryRead(context, out var id, out var unusable))
        {
            await RefuseAsync(context, unusable);
            return;
        }

        using var session = id is null ? null : CacheSession.Begin(id);
        ReadReply reply;
        var started = integration == WarmUpIntegration.Name ? ClientMetrics.Unmeasured : metrics.Start();
        try
        {
            // A silo that stops lets nobody wait for a load: the callers ask another, or this one when it is back.
            var pending = cache.CallAsync(integration, method, arguments, pass.Token, context.RequestAborted);
            reply = pending.IsCompletedSuccessfully ? await pending : await pending.AsTask().WaitAsync(lifetime.ApplicationStopping);
        }
        catch (ArgumentException e)
        {
            await RefuseAsync(context, HttpProblem.BadRequest("bad-key", "The arguments make no valid key", ErrorText.Of(e)));
            return;
        }

        metrics.Read(ReadOutcome.Of(in reply), started);
        gate.Heard(context, integration, reply.Problem);
        await Answer(context, integration, in reply);
    }

    private ValueTask Answer(HttpContext context, string integration, in ReadReply reply)
    {
        if (reply.Problem is { Kind: not (ProblemKind.BadCall or ProblemKind.NotFound) } problem)
            statistics.Noted(integration, problem);
        return reply.Value is null ? FailureResponse.WriteAsync(context, in reply) : ValueResponse.WriteAsync(context, in reply, clock);
    }

    private static Task RefuseAsync(HttpContext context, HttpProblem problem)
    {
        context.Response.Headers["Cache-Status"] = CacheStatus.Refused(problem.Type);
        return problem.WriteAsync(context);
    }
}
