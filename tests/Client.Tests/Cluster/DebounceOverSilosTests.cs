using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Bursts of invalidations, of several processes.</summary>
public sealed class DebounceOverSilosTests
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);
    private static readonly CacheKey Key = CacheKey.Of("orders", "7");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_burst_becomes_one_raise_that_hits_what_was_born_before_it(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        await mine.SetAsync(Key, "old", new() { Tags = ["orders"] });
        var log = silos.Services.GetRequiredService<ITagLog>();
        var before = await HeadAsync(log);

        var burst = Enumerable.Range(0, 50).Select(i => (i % 2 == 0 ? mine : theirs).RemoveByTagAsync(["orders"], Quiet).AsTask()).ToArray();
        Assert.Equal("old", (await theirs.GetAsync<string>(Key)).Value);
        await Task.WhenAll(burst).WaitAsync(Eventually.Deadline);

        Assert.Equal(Outcome.Miss, (await theirs.GetAsync<string>(Key)).Outcome);
        Assert.Equal(before + 1, await HeadAsync(log));
        await mine.RemoveByTagAsync(["orders"], TimeSpan.FromMilliseconds(1)).AsTask().WaitAsync(Eventually.Deadline);
        Assert.Equal(before + 2, await HeadAsync(log));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Who_never_is_quiet_is_served_after_the_longest_time(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var cache = await silos.CacheAsync();
        var first = cache.RemoveByTagAsync(["orders"], TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(31)).AsTask();

        await Eventually.TrueAsync(async () =>      // the next impatient one at the latest comes when the first has been heard
        {
            await cache.RemoveByTagAsync(["orders"], Quiet, Quiet);
            return first.IsCompletedSuccessfully;
        });
    }

    [Fact]
    public async Task Times_out_of_range_are_named()
    {
        await using var silos = await Silos.StartAsync(1);
        var cache = await silos.CacheAsync();

        Assert.Contains("debounce is 00:00:00", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => cache.RemoveByTagAsync(["a"], TimeSpan.Zero).AsTask())).Message, StringComparison.Ordinal);
        Assert.Contains("atMost is 00:00:01", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => cache.RemoveByTagAsync(["a"], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)).AsTask())).Message, StringComparison.Ordinal);
    }

    private static async Task<long> HeadAsync(ITagLog log)
    {
        await log.LearnAsync(long.MaxValue, 0, CancellationToken.None);
        return log.Head;
    }
}
