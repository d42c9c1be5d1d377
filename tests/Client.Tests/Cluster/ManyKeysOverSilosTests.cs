using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Many keys at once, by processes that reach the same silos.</summary>
public class ManyKeysOverSilosTests
{
    private static readonly CacheKey[] Keys = [.. Enumerable.Range(0, 200).Select(static i => CacheKey.Of("many", $"{i}"))];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Each_key_is_loaded_once_by_two_processes_and_one_call_makes_all_that_a_process_loads(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        var (calls, loaded) = (0, new System.Collections.Concurrent.ConcurrentQueue<string>());
        async ValueTask<IReadOnlyDictionary<CacheKey, int>> Make(IReadOnlyList<CacheKey> keys, CancellationToken ct)
        {
            Interlocked.Increment(ref calls);
            await Task.Yield();
            foreach (var key in keys)
                loaded.Enqueue(key.Key);
            return keys.ToDictionary(static key => key, static key => int.Parse(key.Key, System.Globalization.CultureInfo.InvariantCulture));
        }

        var all = await Task.WhenAll(mine.GetOrCreateManyAsync<int>(Keys, Make).AsTask(), theirs.GetOrCreateManyAsync<int>(Keys.Reverse(), Make).AsTask());

        Assert.Equal(Enumerable.Range(0, 200), all[0].Select(static r => r.Result.Value));
        Assert.Equal(Enumerable.Range(0, 200).Reverse(), all[1].Select(static r => r.Result.Value));
        Assert.Equal(200, loaded.Count);
        Assert.Equal(200, loaded.Distinct().Count());
        Assert.True(calls <= 50, $"{calls} calls of the factory");        // a slow machine answers late, and what is late is made later
        Assert.All(await theirs.GetManyAsync<int>(Keys), static r => Assert.Equal(Outcome.Hit, r.Result.Outcome));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_is_set_for_many_is_read_by_others_and_fences_the_loads_under_way(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        var (began, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var loading = mine.GetOrCreateManyAsync<int>(Keys, async (keys, _) =>
        {
            began.TrySetResult();
            await end.Task;
            return keys.ToDictionary(static key => key, static _ => -1);
        }).AsTask();
        await began.Task.WaitAsync(Eventually.Deadline);

        var written = await theirs.SetManyAsync(Keys.ToDictionary(static key => key, static key => 1));
        end.SetResult();
        await loading.WaitAsync(Eventually.Deadline);

        Assert.All(written, static w => Assert.True(w.Result.Accepted));
        Assert.All(await mine.GetManyAsync<int>(Keys), static r => Assert.Equal(1, r.Result.Value));
    }
}
