using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Keys and tags that one process watches while another changes them.</summary>
public sealed class WatchOverSilosTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_watcher_is_told_every_last_change_of_a_key_whoever_made_it(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        var keys = Enumerable.Range(0, 20).Select(static i => CacheKey.Of("watched", $"{i}")).ToArray();
        using var end = new CancellationTokenSource();
        var last = new long[keys.Length];
        var watching = keys.Select((key, i) => Task.Run(async () =>
        {
            await foreach (var change in mine.WatchAsync(key, ct: end.Token))
                Volatile.Write(ref last[i], change.Version);
        })).ToArray();

        for (var round = 0; round < 5; round++)
        {
            foreach (var (i, key) in keys.Index())
                await theirs.SetAsync(key, round * i, new() { Tags = ["all"] });
        }

        await Eventually.TrueAsync(async () => (await theirs.GetManyAsync<int>(keys)).Index().All(read => read.Item.Result.Version == Volatile.Read(ref last[read.Index])));
        await theirs.RemoveAsync(keys[0]);
        await Eventually.TrueAsync(() => Volatile.Read(ref last[0]) == 0);
        await theirs.RemoveByTagAsync(["all"]);
        await Eventually.TrueAsync(() => last.All(static version => version == 0));
        var loaded = await theirs.GetOrCreateAsync(keys[7], static _ => new ValueTask<int>(1));
        await Eventually.TrueAsync(() => Volatile.Read(ref last[7]) == loaded.Version);

        await end.CancelAsync();
        await Task.WhenAll(watching).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_watcher_of_a_tag_is_told_its_raises_and_no_other_tags(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        await using var told = mine.WatchTagAsync("orders").GetAsyncEnumerator();
        await using var other = mine.WatchTagAsync("users").GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync().AsTask().WaitAsync(Eventually.Deadline));
        Assert.True(await other.MoveNextAsync().AsTask().WaitAsync(Eventually.Deadline));
        var before = told.Current.Version;

        await theirs.RemoveByTagAsync(["orders"]);

        Assert.True(await told.MoveNextAsync().AsTask().WaitAsync(Eventually.Deadline));
        Assert.True(told.Current.Version > before);
        var none = other.MoveNextAsync().AsTask();
        await theirs.RemoveByTagAsync(["orders"]);
        Assert.True(await told.MoveNextAsync().AsTask().WaitAsync(Eventually.Deadline));
        Assert.False(none.IsCompleted);
        await theirs.RemoveByTagAsync(["users"]);
        Assert.True(await none.WaitAsync(Eventually.Deadline));
    }
}
