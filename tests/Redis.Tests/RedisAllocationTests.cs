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

        // The least of several rounds: the first ones run code that is not optimised yet.
        var least = long.MaxValue;
        for (var round = 0; round < 20 && least > Most; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await ManyAsync(5_000);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / 5_000);
        }

        Assert.InRange(least, 0, Most);

        async Task ManyAsync(int count)
        {
            for (var i = 0; i < count; i++)
                await client.ExecuteAsync(["GET", "k"], CancellationToken.None).ConfigureAwait(false);
        }
    }
}
