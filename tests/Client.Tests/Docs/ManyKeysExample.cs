using OrleansCache.Cluster;

namespace OrleansCache.Docs;

/// <summary>Many keys at once.</summary>
public sealed class ManyKeysExample
{
    private int _calls;

    [Fact]
    public async Task One_call_makes_what_is_missing_of_many_keys()
    {
        await using var silos = await Silos.StartAsync(1);
        var cache = await silos.CacheAsync();
        string[] ids = ["7", "8", "9"];

        // docs/strategies.md
        CacheKey[] keys = [.. ids.Select(id => CacheKey.For("orders", ("id", id)))];
        var orders = await cache.GetOrCreateManyAsync<string>(keys, (missing, ct) => LoadOrdersAsync(missing, ct), CacheStrategy.Ttl(TimeSpan.FromMinutes(5)));

        var statuses = orders.Select(order => order.Result.Value);
        // end
        Assert.Equal(["id=7", "id=8", "id=9"], statuses);
        Assert.Equal(1, _calls);
    }

    private ValueTask<IReadOnlyDictionary<CacheKey, string>> LoadOrdersAsync(IReadOnlyList<CacheKey> keys, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _calls++;
        return new(keys.ToDictionary(static key => key, static key => key.Key));
    }
}
