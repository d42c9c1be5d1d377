using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.Fakes;

namespace OrleansCache.Decorators;

/// <summary>Functions that go through the cache, and the keys of their calls.</summary>
public sealed class DecorateTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Identity_is_service_version_integration_method_and_the_bound_arguments()
    {
        await _cluster.DisposeAsync();
        await using var cluster = new FakeCluster(services => services.Configure<OrleansCacheClientOptions>(o => (o.Service, o.ServiceVersion) = ("lk:simi", "1.70.0")));
        var getHtml = cluster.Cache.Decorate("simi", "getHtml", static (string id, int page, CancellationToken ct) => Task.FromResult(id + page));

        Assert.Equal("71", await getHtml("7", 1, default));

        var key = cluster.Cache.KeyOf("simi", "getHtml", ("page", 1), ("id", "7"));
        Assert.Equal(("lk%3Asimi:1.70.0:simi:getHtml", "id=7&page=1"), (key.Region, key.Key));
        Assert.Single(cluster.EntryOf(key).Completions);
    }

    [Fact]
    public async Task Functions_of_no_to_four_arguments_keep_their_shape()
    {
        var cache = _cluster.Cache;
        Func<CancellationToken, Task<int>> none = cache.Decorate("i", "0", static ct => Task.FromResult(0));
        Func<CancellationToken, ValueTask<int>> noneToo = cache.Decorate("i", "0v", static ct => new ValueTask<int>(0));
        var one = cache.Decorate("i", "1", static (int a, CancellationToken ct) => new ValueTask<int>(a));
        var two = cache.Decorate("i", "2", static async (int a, int b, CancellationToken ct) => { await Task.Yield(); return a + b; });
        var three = cache.Decorate("i", "3", static (int a, int b, int c, CancellationToken ct) => Task.FromResult(a + b + c));
        var four = cache.Decorate("i", "4", static (int a, int b, int c, int d, CancellationToken ct) => Task.FromResult(a + b + c + d), CacheStrategy.Ttl(TimeSpan.FromMinutes(1)));

        Assert.Equal((0, 0, 1, 3, 6, 10), (await none(default), await noneToo(default), await one(1, default), await two(1, 2, default), await three(1, 2, 3, default), await four(1, 2, 3, 4, default)));
        Assert.Equal("a=1&b=2&c=3&d=4", cache.KeyOf("i", "4", ("a", 1), ("b", 2), ("c", 3), ("d", 4)).Key);
        Assert.Single(_cluster.EntryOf(cache.KeyOf("i", "4", ("a", 1), ("b", 2), ("c", 3), ("d", 4))).Completions);
    }

    [Fact]
    public async Task A_strategy_made_once_is_reused_by_many_functions()
    {
        var pages = CacheStrategy.Background(TimeSpan.FromSeconds(30), TimeSpan.FromHours(1)) with { Tags = ["pages"], Limiter = "simi", Retry = new() { MaxRetryAttempts = 1, Delay = TimeSpan.Zero } };
        var (failed, tries) = (false, 0);
        var getHtml = _cluster.Cache.Decorate("simi", "getHtml", (string id, CancellationToken ct) => Task.FromResult(id), pages);
        var getSize = _cluster.Cache.Decorate("simi", "getSize", (string id, CancellationToken ct) => ++tries > 1 ? Task.FromResult(id.Length) : throw new IOException($"{failed = true}"), pages);

        Assert.Equal(("ab", 2), (await getHtml("ab", default), await getSize("ab", default)));

        Assert.True(failed);
        foreach (var method in new[] { "getHtml", "getSize" })
        {
            var entry = _cluster.EntryOf(_cluster.Cache.KeyOf("simi", method, ("id", "ab")));
            var (read, lifetime) = (Assert.Single(entry.Reads), Assert.Single(entry.Completions).Lifetime!);
            Assert.Equal((Strategy.Background, "simi", 30_000L, 3_600_000L), (read.Strategy, read.Limiter, lifetime.FreshMilliseconds, lifetime.StaleMilliseconds));
            Assert.Equal(["pages"], lifetime.Tags);
        }
    }

    [Fact]
    public async Task Tags_may_name_arguments_and_one_that_names_a_null_is_left_out()
    {
        var get = _cluster.Cache.Decorate("simi", "get", static (string id, string? user, CancellationToken ct) => Task.FromResult(id), new() { Tags = ["all", "page:{id}", "user:{user}"] });

        await get("7", null, default);

        Assert.Equal(["all", "page:7"], _cluster.EntryOf(_cluster.Cache.KeyOf("simi", "get", ("id", "7"), ("user", null))).Completions.Single().Lifetime!.Tags);
    }

    [Fact]
    public async Task A_caller_may_give_its_own_key_function()
    {
        var get = _cluster.Cache.Decorate("simi", "get", static (Uri page, CancellationToken ct) => Task.FromResult(page.AbsolutePath), key: static page => page.AbsolutePath.ToUpperInvariant());

        Assert.Equal("/a", await get(new("http://x/a?y=1"), default));

        Assert.Single(_cluster.EntryOf(_cluster.Cache.KeyOf("simi", "get", "/A")).Completions);
    }

    [Fact]
    public async Task An_argument_without_a_text_is_refused_with_the_way_out()
    {
        var get = _cluster.Cache.Decorate("simi", "get", static (Uri page, CancellationToken ct) => Task.FromResult(1));

        var e = await Assert.ThrowsAsync<ArgumentException>(() => get(new("http://x/"), default));

        Assert.Contains("'page'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_the_same_in_every_culture()
    {
        var get = _cluster.Cache.Decorate("simi", "get", static (decimal price, DateOnly day, CancellationToken ct) => Task.FromResult(1));
        var before = CultureInfo.CurrentCulture;
        foreach (var culture in new[] { "de-DE", "tr-TR", "ar-SA" })
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            await get(1.50m, new(2026, 1, 2), default);
        }

        CultureInfo.CurrentCulture = before;
        Assert.Equal(3, _cluster.EntryOf(CacheKey.Of("default:1.0:simi:get", "day=2026-01-02&price=1.5")).Reads.Count);
    }

    [Fact]
    public async Task A_function_is_told_that_it_may_not_be_called_now()
    {
        var get = _cluster.Cache.Decorate("simi", "get", static ct => Task.FromResult(1));
        _cluster.EntryOf(_cluster.Cache.KeyOf("simi", "get")).OnRead = _ => new(new ReadReply
        {
            Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Limited, Detail = "limited", RetryAfterMilliseconds = 300 },
        });

        var e = await Assert.ThrowsAsync<IntegrationException>(() => get(default));

        Assert.Equal(("limited", 300d), (e.Detail, e.RetryAfter!.Value.TotalMilliseconds));
    }
}
