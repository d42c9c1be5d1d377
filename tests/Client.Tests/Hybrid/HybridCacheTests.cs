using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.Fakes;

namespace OrleansCache.Hybrid;

public class HybridCacheTests
{
    private static readonly CacheKey Key = CacheKey.Of("hybrid", "orders/7");

    [Fact]
    public async Task A_value_is_made_once_and_then_found()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();
        var made = 0;

        Assert.Equal(1, await cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(++made)));
        Assert.Equal(1, await cache.GetOrCreateAsync("orders/7", 41, (state, _) => new ValueTask<int>(state + ++made)));

        Assert.Equal("1"u8.ToArray(), cluster.EntryOf(Key).Value!.Bytes);
    }

    [Fact]
    public async Task The_lifetime_is_the_expiration_or_five_minutes_and_ends_for_good()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();
        var minute = new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(1), LocalCacheExpiration = TimeSpan.FromSeconds(1) };

        await cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(1), tags: ["orders"]);
        await cache.SetAsync("orders/7", 2, minute);
        await cache.SetAsync("orders/7", 2, minute, ["a", "b"]);

        var loaded = cluster.EntryOf(Key).Completions.Single().Lifetime!;
        var written = cluster.EntryOf(Key).Writes.Select(w => w.Lifetime!).ToArray();
        Assert.Equal((300_000L, 0L), (loaded.FreshMilliseconds, loaded.StaleMilliseconds));
        Assert.Equal((60_000L, 0L), (written[0].FreshMilliseconds, written[0].StaleMilliseconds));
        Assert.Equal(["*", "orders"], loaded.Tags);
        Assert.Equal(["*"], written[0].Tags);
        Assert.Equal(["*", "a", "b"], written[1].Tags);
    }

    [Fact]
    public async Task A_null_is_a_value()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();
        var made = 0;

        for (var i = 0; i < 2; i++)
            Assert.Null(await cache.GetOrCreateAsync("orders/7", _ => { made++; return new ValueTask<string?>((string?)null); }));
        await cache.SetAsync<string?>("orders/7", null);
        Assert.Null(await cache.GetOrCreateAsync("orders/7", _ => { made++; return new ValueTask<string?>("x"); }));

        Assert.Equal(1, made);
        Assert.Equal(300_000, cluster.EntryOf(Key).Completions.Single().Lifetime!.AbsentMilliseconds);
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None, 1, 0, 1)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache, 1, 0, 1)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCacheRead, 0, 1, 1)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCacheWrite, 1, 0, 0)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCache, 0, 0, 0)]
    public async Task The_flags_say_what_is_read_and_written(HybridCacheEntryFlags flags, int reads, int writes, int stored)
    {
        await using var cluster = new FakeCluster();

        Assert.Equal(5, await cluster.Get<HybridCache>().GetOrCreateAsync("orders/7", _ => new ValueTask<int>(5), new() { Flags = flags }));

        var entry = cluster.EntryOf(Key);
        Assert.Equal((reads, writes, stored), (entry.Reads.Count, entry.Writes.Count, entry.Value is null ? 0 : 1));
    }

    [Fact]
    public async Task Without_underlying_data_nothing_is_made()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();
        var options = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

        Assert.Equal(0, await cache.GetOrCreateAsync<int>("orders/7", _ => throw new InvalidOperationException("ran"), options));
        await cache.SetAsync("orders/7", 5);
        Assert.Equal(5, await cache.GetOrCreateAsync<int>("orders/7", _ => throw new InvalidOperationException("ran"), options));
    }

    [Fact]
    public async Task Writes_can_be_switched_off()
    {
        await using var cluster = new FakeCluster();

        await cluster.Get<HybridCache>().SetAsync("orders/7", 1, new() { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite });

        Assert.Empty(cluster.EntryOf(Key).Writes);
    }

    [Fact]
    public async Task Keys_and_tags_are_removed_one_or_many()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();

        await cache.RemoveAsync("a");
        await cache.RemoveAsync(["b", "c"]);
        await cache.RemoveByTagAsync("t");
        await cache.RemoveByTagAsync(["u", "v"]);
        await cache.RemoveByTagAsync("*");

        Assert.All(["a", "b", "c"], key => Assert.Single(cluster.EntryOf(CacheKey.Of("hybrid", key)).Removals));
        Assert.Equal(["t", "u,v", "*"], cluster.Tags.Raised.Select(tags => string.Join(',', tags)));
    }

    [Fact]
    public async Task A_cache_that_is_away_fails_no_read_and_is_waited_for_once()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();
        cluster.EntryOf(Key).OnRead = _ => throw new SiloUnavailableException("away");

        var began = cluster.Clock.GetTimestamp();
        Assert.Equal(5, await cluster.DriveAsync(cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(5))));
        Assert.InRange(cluster.Clock.GetElapsedTime(began), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5));
        var asked = cluster.EntryOf(Key).Reads.Count;
        Assert.Equal(6, await cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(6)).AsTask().WaitAsync(TestSupport.Eventually.Deadline));
        Assert.Equal(asked + 1, cluster.EntryOf(Key).Reads.Count);

        cluster.EntryOf(Key).OnRead = null;
        Assert.Equal(7, await cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(7)));
        Assert.Equal(7, await cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(8)));

        cluster.EntryOf(Key).OnRead = _ => throw new SiloUnavailableException("away again");
        began = cluster.Clock.GetTimestamp();
        Assert.Equal(9, await cluster.DriveAsync(cache.GetOrCreateAsync("orders/7", _ => new ValueTask<int>(9))));
        Assert.InRange(cluster.Clock.GetElapsedTime(began), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task Factories_that_need_each_others_keys_both_run_while_the_cache_is_away()
    {
        await using var cluster = new FakeCluster();
        var cache = cluster.Get<HybridCache>();
        foreach (var key in new[] { "a", "b" })
            cluster.EntryOf(CacheKey.Of("hybrid", key)).OnRead = static _ => throw new SiloUnavailableException("away");
        var (both, running) = (new TaskCompletionSource(), 0);

        var results = await cluster.DriveAsync(new ValueTask<int[]>(Task.WhenAll(MakeAsync("a", "b"), MakeAsync("b", "a"))));

        Assert.Equal([1, 1], results);

        Task<int> MakeAsync(string key, string other) => cache.GetOrCreateAsync(key, async _ =>
        {
            if (Interlocked.Increment(ref running) == 2)
                both.SetResult();
            await both.Task;
            return await cache.GetOrCreateAsync(other, static _ => new ValueTask<int>(1));
        }).AsTask();
    }

    [Fact]
    public async Task A_read_alone_of_a_cache_that_is_away_finds_nothing()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(Key).OnRead = _ => throw new SiloUnavailableException("away");

        Assert.Equal(5, await cluster.DriveAsync(cluster.Get<HybridCache>().GetOrCreateAsync("orders/7", _ => new ValueTask<int>(5), new() { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite })));
    }

    [Fact]
    public async Task What_the_factory_throws_is_thrown()
    {
        await using var cluster = new FakeCluster();

        await Assert.ThrowsAsync<FormatException>(() => cluster.Get<HybridCache>().GetOrCreateAsync<int>("orders/7", _ => throw new FormatException()).AsTask());
    }

    [Fact]
    public async Task The_region_and_the_usual_lifetime_are_options()
    {
        await using var cluster = new FakeCluster(s => s.Configure<OrleansCacheClientOptions>(o => (o.HybridRegion, o.HybridExpiration) = ("web", Timeout.InfiniteTimeSpan)));

        await cluster.Get<HybridCache>().SetAsync("k", 1);

        Assert.Equal(ReadReply.NoLifetime, cluster.EntryOf(CacheKey.Of("web", "k")).Writes.Single().Lifetime!.FreshMilliseconds);
    }
}
