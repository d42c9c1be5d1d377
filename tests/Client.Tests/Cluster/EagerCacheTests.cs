using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>What an eager caching server promises, line by line, of one silo and of three.</summary>
public sealed class EagerCacheTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<string, int> _fetches = [];
    private Func<int, string> _answer = static number => $$"""{"n":{{number}}}""";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Entries_are_fetched_again_when_they_expire_with_nobody_asking_and_no_reader_waits(int count)
    {
        await using var silos = await StartAsync(count, unreadPeriods: 1_000);
        var cache = await silos.CacheAsync();
        await ReadAsync(cache, "1");

        await Eventually.TrueAsync(() => Fetches("1") >= 4);

        for (var i = 0; i < 20; i++)
            Assert.NotEqual(Outcome.Loaded, (await ReadAsync(cache, "1")).Outcome);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Refreshing_stops_after_periods_that_nobody_read_in_and_comes_back_with_the_next_read(int count)
    {
        await using var silos = await StartAsync(count, unreadPeriods: 2);
        var cache = await silos.CacheAsync();
        await ReadAsync(cache, "1");
        await Eventually.TrueAsync(() => Fetches("1") >= 3);
        await PeriodsAsync(cache, 4);
        var stopped = Fetches("1");
        await PeriodsAsync(cache, 4);
        Assert.Equal(stopped, Fetches("1"));
        Assert.InRange(stopped, 3, 4);

        await ReadAsync(cache, "1");

        await Eventually.TrueAsync(() => Fetches("1") >= stopped + 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task LastRetrieved_moves_with_each_fetch_and_LastModified_by_a_structural_difference_alone(int count)
    {
        _answer = static number => number % 2 == 0 ? """{ "b": 2.0, "a": 1 }""" : """{"a":1e0,"b":2}""";
        await using var silos = await StartAsync(count, unreadPeriods: 1_000);
        var cache = await silos.CacheAsync();
        var first = await ReadAsync(cache, "1");
        await Eventually.TrueAsync(async () => (await ReadAsync(cache, "1")).LastRetrieved > first.LastRetrieved);
        var same = await ReadAsync(cache, "1");
        Assert.Equal((first.Version, first.LastModified), (same.Version, same.LastModified));

        _answer = static _ => """{"a":1,"b":[1,2]}""";
        await Eventually.TrueAsync(async () => (await ReadAsync(cache, "1")).LastModified > first.LastModified);
        var before = await ReadAsync(cache, "1");
        _answer = static _ => """{"a":1,"b":[2,1]}""";
        await Eventually.TrueAsync(async () => (await ReadAsync(cache, "1")).LastModified > before.LastModified);

        var found = (await cache.ExplainAsync(Key("1"), difference: true)).Difference!;
        Assert.Equal(["/b/0 1 2", "/b/1 2 1"], found.Changes.Select(static c => $"{c.Path} {c.Old} {c.New}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Parameters_in_any_order_are_one_key_and_an_unknown_type_of_data_is_refused(int count)
    {
        await using var silos = await StartAsync(count, unreadPeriods: 1);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());

        var one = await mine.CallAsync<string>("data", "page", new Dictionary<string, string?> { ["id"] = "a:b", ["lang"] = "en" });
        var other = await theirs.CallAsync<string>("data", "page", new Dictionary<string, string?> { ["lang"] = "en", ["id"] = "a:b" });

        Assert.Equal((one.Version, 1), (other.Version, Fetches("a:b")));
        Assert.Contains("no method 'paeg'", (await Assert.ThrowsAsync<ArgumentException>(() => mine.CallAsync<string>("data", "paeg", new Dictionary<string, string?>()).AsTask())).Message, StringComparison.Ordinal);
    }

    private static CacheKey Key(string id) => CacheKey.For("default:1.0:data:page", ("id", id));

    private static ValueTask<CacheResult<string>> ReadAsync(IOrleansCache cache, string id) => cache.CallAsync<string>("data", "page", new Dictionary<string, string?> { ["id"] = id });

    /// <summary>As long as these silos take for so many periods of a key that is read.</summary>
    private Task PeriodsAsync(IOrleansCache cache, int periods)
    {
        var until = Fetches("read") + periods;
        return Eventually.TrueAsync(async () =>
        {
            await ReadAsync(cache, "read");
            return Fetches("read") >= until;
        });
    }

    private int Fetches(string id) => _fetches.GetValueOrDefault(id);

    private Task<Silos> StartAsync(int count, int unreadPeriods) => Silos.StartAsync(
        count,
        builder => builder.Services.AddIntegration("data", _ => new Fetcher(this), options => options.Methods["page"] = new()
        {
            Parameters = ["id", "lang?"],
            Strategy = Strategy.Eager,
            FreshFor = Period,
            UnreadPeriods = unreadPeriods,
        }));

    private sealed class Fetcher(EagerCacheTests test) : IIntegration
    {
        public ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken)
        {
            var number = test._fetches.AddOrUpdate(request.Arguments["id"]!, 1, static (_, before) => before + 1);
            return new(IntegrationResponse.Value(Encoding.UTF8.GetBytes(test._answer(number)), "application/json"));
        }
    }
}
