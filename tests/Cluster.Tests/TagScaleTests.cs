using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>Raised tags over real silos: over many entries, over loads on their way, and while a silo joins, pauses or misses the word.</summary>
public sealed class TagScaleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tag_over_a_hundred_thousand_entries_is_raised_in_a_moment_and_no_silo_gives_an_old_value_after_it()
    {
        const int Entries = 100_000;
        await using var cluster = await ClusterProcess.StartAsync(3);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IOrleansCache>();
        foreach (var part in Enumerable.Range(0, Entries).Chunk(10_000))
            await cache.SetManyAsync(part.ToDictionary(Key, static id => id), new() { Tags = ["all", "never"] }, Ct);

        var spans = new List<TimeSpan>();
        for (var i = 0; i < 50; i++)
            spans.Add(await RaiseAsync(cache, $"other:{i}"));
        var over = await RaiseAsync(cache, "all");
        var sample = Enumerable.Range(0, 3_000).Select(static i => i * (Entries / 3_000)).ToArray();
        await Parallel.ForEachAsync(sample, Ct, async (id, _) =>
        {
            Assert.False((await cache.GetAsync<int>(Key(id), Ct)).HasValue);
            Assert.Equal(HttpStatusCode.NotFound, (await cluster.Silos[id % 3].GetAsync($"/api/v1/entries/items/{id}")).Status);
        });

        spans.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            FormattableString.Invariant($"over {Entries} entries: {over.TotalMilliseconds:0.0} ms; over none: median {spans[25].TotalMilliseconds:0.0} ms, longest {spans[^1].TotalMilliseconds:0.0} ms"));
        Assert.True(over < TimeSpan.FromSeconds(1), $"The raise took {over}.");
        await client.StopAsync(Ct);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_load_begun_before_a_raise_is_not_kept_also_where_its_tags_are_known_only_from_its_result(int silos)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos);
        using var client = await cluster.ConnectAsync();
        using var other = await cluster.ConnectAsync();
        var (cache, raiser) = (client.Services.GetRequiredService<IOrleansCache>(), other.Services.GetRequiredService<IOrleansCache>());
        for (var id = 0; id < 6; id++)
        {
            var (began, release) = (new TaskCompletionSource(), new TaskCompletionSource());
            var load = cache.GetOrCreateAsync(
                Key(id),
                async ct =>
                {
                    began.SetResult();
                    await release.Task.WaitAsync(Eventually.Deadline, ct);
                    LoadContext.Current!.AddTags("found");
                    return "old";
                },
                ct: Ct).AsTask();
            await began.Task.WaitAsync(Eventually.Deadline, Ct);
            await raiser.RemoveByTagAsync(["found"], Ct);
            release.SetResult();

            Assert.Equal("old", (await load).Value);
            Assert.Equal("new", (await raiser.GetOrCreateAsync(Key(id), static _ => ValueTask.FromResult("new"), new() { Tags = ["found"] }, Ct)).Value);
            Assert.Equal("new", (await cache.GetAsync<string>(Key(id), Ct)).Value);
        }
        await client.StopAsync(Ct);
        await other.StopAsync(Ct);
    }

    [Theory]
    [InlineData("joins")]
    [InlineData("pauses")]
    [InlineData("misses the word")]
    public async Task A_silo_that_comes_in_the_middle_or_does_not_hear_makes_no_difference(string what)
    {
        const int Keys = 30;
        await using var cluster = await ClusterProcess.StartAsync(3);
        using var client = await cluster.ConnectAsync();
        using var other = await cluster.ConnectAsync();
        var (cache, raiser) = (client.Services.GetRequiredService<IOrleansCache>(), other.Services.GetRequiredService<IOrleansCache>());
        var (rounds, disturbance) = (0, Task.CompletedTask);
        for (var last = -1; last < 0 || rounds < last; rounds++)
        {
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(id => cache.SetAsync(Key(id), rounds, new() { Tags = ["all"] }, ct: Ct).AsTask()));
            if (rounds == 2)
                disturbance = DisturbAsync(cluster, what);
            else if (rounds > 2 && last < 0 && disturbance.IsCompleted)
                last = rounds + 3;
            await raiser.RemoveByTagAsync(["all"], Ct);

            var reads = Enumerable.Range(0, Keys).Select(async id => (await cache.GetAsync<int>(Key(id), Ct)).HasValue);
            var throughSilos = cluster.Silos.Take(3).SelectMany(silo => Enumerable.Range(0, Keys).Select(async id => (await silo.GetAsync($"/api/v1/entries/items/{id}")).Status == HttpStatusCode.OK));
            Assert.DoesNotContain(true, await Task.WhenAll(reads.Concat(throughSilos)));
        }
        await disturbance;
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds");
        await client.StopAsync(Ct);
        await other.StopAsync(Ct);
    }

    private static async Task DisturbAsync(ClusterProcess cluster, string what)
    {
        switch (what)
        {
            case "joins":
                await cluster.Add().StartAsync(Ct);
                await cluster.WellAsync();
                break;
            case "pauses":
                await cluster.Silos[1].PauseAsync(TimeSpan.FromSeconds(5), Ct);
                break;
            default:
                for (var i = 0; i < 20; i++)
                {
                    await cluster.AskRedisAsync("CLIENT KILL TYPE pubsub");
                    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Ct);
                }
                break;
        }
    }

    private static CacheKey Key(int id) => CacheKey.Of("items", id.ToString(CultureInfo.InvariantCulture));

    private static async Task<TimeSpan> RaiseAsync(IOrleansCache cache, string tag)
    {
        var began = TimeProvider.System.GetTimestamp();
        await cache.RemoveByTagAsync([tag], Ct);
        return TimeProvider.System.GetElapsedTime(began);
    }
}
