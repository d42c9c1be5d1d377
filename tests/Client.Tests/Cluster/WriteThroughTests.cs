using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Writes to an origin and then to the cache, of several processes.</summary>
public class WriteThroughTests
{
    private static readonly CacheKey Key = CacheKey.Of("orders", "42");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task After_the_acknowledgement_none_of_100_readers_sees_the_old_value_though_a_refresh_was_under_way(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        var (writer, readers) = (await silos.CacheAsync(), await silos.CacheAsync());
        await readers.SetAsync(Key, "new", new() { FreshFor = TimeSpan.FromMilliseconds(1), StaleFor = TimeSpan.FromHours(1) });
        var (refreshing, refresh) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        await Eventually.TrueAsync(async () => (await readers.GetAsync<string>(Key)).Outcome == Outcome.Stale);
        var refreshed = readers.GetOrCreateAsync(Key, _ =>
        {
            refreshing.TrySetResult();
            return new ValueTask<string>(refresh.Task);
        }).AsTask();
        await refreshing.Task.WaitAsync(Eventually.Deadline);
        var (isAcknowledged, end) = (false, false);
        var reading = Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref end))
            {
                var isAfter = Volatile.Read(ref isAcknowledged);
                var status = (await readers.GetAsync<string>(Key)).Value;
                if (isAfter && status != "paid")
                    return status ?? "nothing";
            }

            return "paid";
        })).ToArray();

        var written = await writer.WriteThroughAsync(Key, async _ =>
        {
            Assert.Equal("new", (await readers.GetAsync<string>(Key)).Value);
            return "paid";
        });
        Volatile.Write(ref isAcknowledged, true);
        refresh.SetResult("new");
        await refreshed.WaitAsync(Eventually.Deadline);
        for (var read = 0; read < 100; read++)
            Assert.Equal(("paid", written.Version), ((await readers.GetAsync<string>(Key)).Value, written.Version));
        Volatile.Write(ref end, true);

        Assert.All(await Task.WhenAll(reading), seen => Assert.Equal("paid", seen));
    }

    [Theory]
    [InlineData(1, false, true)]
    [InlineData(3, false, true)]
    [InlineData(3, true, false)]
    public async Task If_the_origin_refuses_nothing_changes_and_if_it_may_have_done_it_the_next_read_loads(int count, bool isInDoubt, bool stands)
    {
        await using var silos = await Silos.StartAsync(count);
        var cache = await silos.CacheAsync();
        var put = await cache.SetAsync(Key, "new");
        var error = new HttpRequestException("The origin says no.", null, isInDoubt ? HttpStatusCode.InternalServerError : HttpStatusCode.Conflict);

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => cache.WriteThroughAsync<string>(Key, _ => throw error).AsTask());

        Assert.Same(error, thrown);
        var read = await cache.GetAsync<string>(Key);
        Assert.Equal(stands ? ("new", put.Version, Outcome.Hit) : (null, 0, Outcome.Miss), (read.Value, read.Version, read.Outcome));
        Assert.True((await cache.WriteThroughAsync(Key, _ => ValueTask.FromResult("paid"))).Version > put.Version);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Writers_of_several_processes_have_their_turns_one_after_the_other_so_that_the_cache_ends_as_the_origin_does(int count)
    {
        await using var silos = await Silos.StartAsync(count);
        IOrleansCache[] caches = [await silos.CacheAsync(), await silos.CacheAsync(), silos.Services.GetRequiredService<IOrleansCache>()];
        var (origin, inside, most) = (-1, 0, 0);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => caches[number % 3].WriteThroughAsync(Key, async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            origin = number;
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            return number;
        }).AsTask())).WaitAsync(Eventually.Deadline);

        Assert.Equal(1, most);
        Assert.Equal(origin, (await caches[0].GetAsync<int>(Key)).Value);
    }

    [Fact]
    public async Task A_write_longer_than_a_lease_keeps_its_turn()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var cache = await silo.ConnectAsync();
        await cache.SetAsync(Key, "new");
        var begin = TimeProvider.System.GetTimestamp();

        var written = await cache.WriteThroughAsync(Key, async ct =>
        {
            await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(begin) > TimeSpan.FromSeconds(2.5), cancellationToken: ct);
            return "paid";
        });

        Assert.True(written.Version > 0);
        Assert.Equal("paid", (await cache.GetAsync<string>(Key)).Value);
    }
}
