namespace OrleansCache;

/// <summary><c>POST /api/v1/events</c>: changes by key, in the order of their source, whatever order they come in and however often.</summary>
internal sealed class EventsEndpoint(IRawCache cache, CallerGate gate)
{
    public const string Methods = "POST";

    public async ValueTask PostAsync(HttpContext context)
    {
        if (await BodyReader.ReadJsonAsync(context, "The events are") is not { } body)
            return;

        if (!EventBody.TryRead(body, out var events, out var isArray, out var refusal))
        {
            await refusal.WriteAsync(context);
            return;
        }

        foreach (var region in events.Select(static one => one.Key.Region).Distinct(StringComparer.Ordinal))
        {
            if ((await gate.PassRegionAsync(context, region)).Refusal is not { } unknown)
                continue;
            await unknown.WriteAsync(context);
            return;
        }

        var results = new EventResultBody[events.Length];
        foreach (var (number, one) in events.Index())
        {
            try
            {
                results[number] = await ApplyAsync(one, context.RequestAborted);
            }
            catch (CacheUnavailableException e) when (isArray)
            {
                throw new CacheUnavailableException($"Event {number} (from 0) has no acknowledgement: {e.Message} Send all again: those that were applied change nothing more.", e);
            }
        }

        // Also of events that were superseded: their sender may have died between the change and this.
        await cache.RemoveByTagAsync(events.Where(static e => e.Debounce is null).SelectMany(static e => e.Invalidates), context.RequestAborted);
        await Task.WhenAll(events.Where(static e => e.Debounce is not null).GroupBy(static e => e.Debounce!.Value)
            .Select(quiet => cache.RemoveByTagAsync(quiet.SelectMany(static e => e.Invalidates), quiet.Key, context.RequestAborted).AsTask()));
        if (isArray)
            await JsonResponse.WriteAsync(context, StatusCodes.Status200OK, results, HttpJson.Plain.EventResultBodyArray);
        else
            await JsonResponse.WriteAsync(context, StatusCodes.Status200OK, results[0], HttpJson.Plain.EventResultBody);
    }

    private async ValueTask<EventResultBody> ApplyAsync(CacheEvent one, CancellationToken cancellationToken)
    {
        var reply = one.Value is { } value
            ? await cache.SetAsync(one.Key, new(value, "application/json"), one.Options, one.When, cancellationToken)
            : await cache.RemoveAsync(one.Key, one.When, cancellationToken);
        return new(reply.Status == WriteStatus.Accepted ? "applied" : "superseded", reply.Version);
    }
}
