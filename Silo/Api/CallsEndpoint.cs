using System.Text.Json;

namespace OrleansCache;

/// <summary><c>POST /api/v1/calls/{integration}/{method}</c>: a method called for many keys by one request.</summary>
internal sealed class CallsEndpoint(IRawCache cache, CallerGate gate, ClientMetrics metrics, IHostApplicationLifetime lifetime)
{
    public async ValueTask PostAsync(HttpContext context, string integration, string method)
    {
        var pass = await gate.PassAsync(context, integration);
        if (pass.Refusal is { } unknown)
        {
            await unknown.WriteAsync(context);
            return;
        }

        if (await BodyReader.ReadJsonAsync(context, "The request is") is not { } body)
            return;

        Dictionary<string, string?>[] calls;
        try
        {
            calls = CallsBody.Read(body);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            var said = e is ArgumentException wrong ? ErrorText.Of(wrong) : e.Message;
            await HttpProblem.BadRequest("bad-many", "The request for many calls cannot be used, and nothing was done", said).WriteAsync(context);
            return;
        }

        if (!SessionHeader.TryRead(context, out var id, out var unusable))
        {
            await unusable.WriteAsync(context);
            return;
        }

        using var session = id is null ? null : CacheSession.Begin(id);
        var started = metrics.Start();
        var replies = await cache.CallManyAsync(integration, method, calls, pass.Token, context.RequestAborted).AsTask().WaitAsync(lifetime.ApplicationStopping);
        foreach (var reply in replies.Where(static reply => reply.Error is null))
        {
            metrics.Read(ReadOutcome.Of(reply.Result), started);
            gate.Heard(context, integration, reply.Result.Problem);
        }

        await ManyAnswer.WriteAsync(context, replies, static (json, result) => ManyAnswer.Write(json, result));
    }
}
