namespace OrleansCache;

/// <summary><c>GET /{integration}/{method}?arg=value</c>: an integration's method through its key's owner.</summary>
internal sealed class GatewayEndpoint(IRawCache cache, SiloStatistics statistics, IHostApplicationLifetime lifetime)
{
    public const string Methods = "GET, HEAD";

    public ValueTask HandleAsync(HttpContext context, string integration, string method, ReadOnlySpan<char> query)
    {
        if (!QueryArguments.TryParse(query, out var arguments, out var problem))
            return new(problem.WriteAsync(context));
        ValueTask<ReadReply> pending;
        try
        {
            pending = cache.CallAsync(integration, method, arguments, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            return new(BadKey(e).WriteAsync(context));
        }

        return pending.IsCompletedSuccessfully ? Answer(context, integration, pending.GetAwaiter().GetResult()) : AwaitAsync(context, integration, pending);
    }

    private async ValueTask AwaitAsync(HttpContext context, string integration, ValueTask<ReadReply> pending)
    {
        ReadReply reply;
        try
        {
            // A silo that stops lets nobody wait for a load: the callers ask another, or this one when it is back.
            reply = await pending.AsTask().WaitAsync(lifetime.ApplicationStopping);
        }
        catch (ArgumentException e)
        {
            await BadKey(e).WriteAsync(context);
            return;
        }

        await Answer(context, integration, reply);
    }

    private ValueTask Answer(HttpContext context, string integration, in ReadReply reply)
    {
        if (reply.Problem is { Kind: not ProblemKind.BadCall } problem)
            statistics.Noted(integration, problem);
        return reply.Value is null ? FailureResponse.WriteAsync(context, in reply) : ValueResponse.WriteAsync(context, in reply);
    }

    private static HttpProblem BadKey(ArgumentException e) => HttpProblem.BadRequest("bad-key", "The arguments make no valid key", ErrorText.Of(e));
}
