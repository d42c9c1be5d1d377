using System.Text.Json;

namespace OrleansCache;

/// <summary><c>POST /api/v1/entries/{region}/many</c>: many entries read or written by one request.</summary>
internal sealed class ManyEndpoint(IRawCache cache, ClientMetrics metrics)
{
    public const string Methods = "POST";

    public async ValueTask PostAsync(HttpContext context, string region)
    {
        if (await BodyReader.ReadJsonAsync(context, "The request is") is not { } body)
            return;

        if (!ManyBody.TryRead(body, region, out var order, out var refusal))
            await refusal.WriteAsync(context);
        else if (order.Keys is { } keys)
            await ReadAsync(context, keys);
        else
            await WriteAsync(context, order.Writes!);
    }

    private async ValueTask ReadAsync(HttpContext context, CacheKey[] keys)
    {
        var read = await Concurrently.RunAsync([.. keys.Distinct()], static key => key, async key =>
        {
            var started = metrics.Start();
            var reply = await cache.GetAsync(key, context.RequestAborted);
            metrics.Read(ReadOutcome.Of(in reply), started);
            return reply;
        }, context.RequestAborted);
        await ManyAnswer.WriteAsync(context, Concurrently.Spread(keys, read), static (json, result) =>
        {
            json.WriteString("key"u8, result.Key.Key);
            ManyAnswer.Write(json, result);
        });
    }

    private async ValueTask WriteAsync(HttpContext context, ManyWrite[] writes)
    {
        var written = await Concurrently.RunAsync(
            writes, static write => write.Key, write => cache.SetAsync(write.Key, new(write.Value, "application/json"), write.Options, default, context.RequestAborted), context.RequestAborted);
        await ManyAnswer.WriteAsync(context, written, static (json, result) =>
        {
            json.WriteString("key"u8, result.Key.Key);
            json.WriteString("status"u8, result.Error is null ? "stored"u8 : "failed"u8);
            if (result.Error is not null)
                ManyAnswer.Write(json, ManyAnswer.Describe(result.Error));
            else
                json.WriteNumber("version"u8, result.Result.Version);
        });
    }
}
