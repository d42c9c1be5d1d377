using OrleansCache.Cluster;

namespace OrleansCache.Docs;

/// <summary>What an order dashboard does.</summary>
public sealed class OrderBoardExample
{
    [Fact]
    public async Task Orders_and_lists_follow_each_change()
    {
        await using var silos = await Silos.StartAsync(1);
        var cache = await silos.CacheAsync();
        var database = new Database();
        var before = await cache.GetOrCreateAsync(CacheKey.For("orders-by-status", ("status", "paid")), ct => database.ListAsync("paid", ct), new() { Tags = ["status:paid"] });

        // docs/migration.md
        var key = CacheKey.For("orders", ("id", "42"));

        // The database first, in the order's turn over all processes; then the cache. If it refuses, nothing changes.
        await cache.WriteThroughAsync(key, ct => database.PayAsync("42", ct));
        await cache.RemoveByTagAsync(["status:new", "status:paid"]);

        // Or by the database's own events, however late and often they come.
        var shipped = new Order("42", "shipped", Sequence: 3);
        await cache.SetAsync(key, shipped, when: WriteCondition.IfNewerSource("orders-db", shipped.Sequence));

        // A list follows the tags of what it shows.
        var paid = await cache.GetOrCreateAsync(
            CacheKey.For("orders-by-status", ("status", "paid")), ct => database.ListAsync("paid", ct), new() { Tags = ["status:paid"] });
        // end
        Assert.Empty(before.Value!);
        Assert.Equal(["42"], paid.Value!);
        Assert.False((await cache.SetAsync(key, new Order("42", "paid", 2), when: WriteCondition.IfNewerSource("orders-db", 2))).Accepted);
        Assert.Equal(shipped, (await cache.GetAsync<Order>(key)).Value);
    }

    private sealed record Order(string Id, string Status, long Sequence);

    private sealed class Database
    {
        private Order _order = new("42", "new", 1);

        public ValueTask<Order> PayAsync(string id, CancellationToken ct)
        {
            ct.ThrowIfCancellationRequested();
            return new(_order = new(id, "paid", 2));
        }

        public ValueTask<string[]> ListAsync(string status, CancellationToken ct) => new(_order.Status == status && !ct.IsCancellationRequested ? [_order.Id] : []);
    }
}
