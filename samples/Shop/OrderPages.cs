namespace OrleansCache.Samples.Shop;

/// <summary>Orders by a factory of the shop's own, under the silo's limit of calls to the partner.</summary>
internal static class OrderPages
{
    private static EntryOptions Options(string id) => new()
    {
        FreshFor = TimeSpan.FromSeconds(10),
        StaleFor = TimeSpan.FromMinutes(10),
        AbsentFor = TimeSpan.FromSeconds(5),
        Tags = ["orders", $"order:{id}"],
        Limiter = "partner",
    };

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/orders/{id}", (string id, IOrleansCache cache, Partner partner, CancellationToken cancellationToken) =>
            cache.GetOrCreateAsync(CacheKey.For("shop-orders", ("id", id)), (partner, id), static (s, ct) => s.partner.OrderAsync(s.id, ct), Options(id), cancellationToken)
                .AsResult(TimeProvider.System));

        app.MapPut("/api/orders/{id}/status/{status}", async (string id, string status, IOrleansCache cache, Partner partner, CancellationToken cancellationToken) =>
        {
            await partner.SetStatusAsync(id, status, cancellationToken);
            await cache.RemoveAsync(CacheKey.For("shop-orders", ("id", id)), cancellationToken);
            return Results.NoContent();
        });

        // The page's EventSource: it repaints when there is another value, whoever changed it.
        app.MapGet("/api/orders/{id}/changes", (string id, IOrleansCache cache, CancellationToken cancellationToken) =>
            TypedResults.ServerSentEvents(cache.WatchAsync(CacheKey.For("shop-orders", ("id", id)), ct: cancellationToken), eventType: "change"));

        app.MapGet("/api/orders/{id}/explain", (string id, IOrleansCache cache, CancellationToken cancellationToken) =>
            cache.ExplainAsync(CacheKey.For("shop-orders", ("id", id)), cancellationToken).AsTask());
    }
}
