namespace OrleansCache.Redis;

/// <summary>Alone, since it counts what the whole process allocates.</summary>
[CollectionDefinition(nameof(RedisAllocationTests), DisableParallelization = true)]
[Collection(nameof(RedisAllocationTests))]
public class RedisAllocationTests : RedisTest
{
#if DEBUG
    private const long Most = 500;      // unoptimised async methods keep their state on the heap
#else
    private const long Most = 200;
#endif

    [Fact]
    public async Task A_get_allocates_its_value_and_little_more()
    {
        var client = await ConnectAsync();
        await client.SetAsync("k", new byte[100], cancellationToken: Cancellation);
        await ManyAsync(2_000);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await ManyAsync(10_000);

        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - before) / 10_000, 0, Most);

        async Task ManyAsync(int count)
        {
            for (var i = 0; i < count; i++)
                await client.GetAsync("k", CancellationToken.None).ConfigureAwait(false);
        }
    }
}
