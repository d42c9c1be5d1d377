namespace OrleansCache.Cluster;

/// <summary>What changed between the last two values, asked for by a client.</summary>
public sealed class DifferenceOverSilosTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_description_of_the_difference_on_request(int count)
    {
        await using var silos = await Silos.StartAsync(count, ("OrleansCache:Regions:orders:KeepPrevious", "true"));
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        var key = CacheKey.Of("orders", "7");
        var old = await mine.SetAsync(key, new Order("new", [1, 2]));
        var now = await theirs.SetAsync(key, new Order("paid", [1, 2, 3]));

        var found = (await mine.ExplainAsync(key, difference: true)).Difference!;

        Assert.Equal((old.Version, now.Version, null), (found.From, found.To, found.Unknown));
        Assert.Equal(["/status changed \"new\" \"paid\"", "/lines/2 added  3"], found.Changes.Select(static c => $"{c.Path} {c.Kind} {c.Old} {c.New}"));
        Assert.Null((await mine.ExplainAsync(key)).Difference);
    }

    private sealed record Order(string Status, int[] Lines);
}
