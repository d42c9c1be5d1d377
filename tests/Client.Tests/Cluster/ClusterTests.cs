using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

public class ClusterTests
{
    private static readonly CacheKey Key = CacheKey.Of("orders", "7");

    [Fact]
    public async Task What_one_client_stores_another_reads()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var (one, two) = (await silo.ConnectAsync(), await silo.ConnectAsync());

        Assert.Equal(Outcome.Miss, (await one.GetAsync<string>(Key)).Outcome);
        var written = await one.SetAsync(Key, "first", new() { FreshFor = TimeSpan.FromMinutes(1) });
        var read = await two.GetAsync<string>(Key);
        Assert.Equal(("first", Outcome.Hit, written.Version), (read.Value, read.Outcome, read.Version));

        Assert.False((await two.SetAsync(Key, "no", when: WriteCondition.IfAbsent)).Accepted);
        Assert.False((await two.SetAsync(Key, "no", when: WriteCondition.IfVersion(written.Version - 1))).Accepted);
        Assert.True((await two.SetAsync(Key, "second", when: WriteCondition.IfVersion(written.Version))).Accepted);
        Assert.Equal("second", (await one.GetAsync<string>(Key)).Value);
        Assert.True(await one.RemoveAsync(Key));
        Assert.Equal(Outcome.Miss, (await two.GetAsync<string>(Key)).Outcome);
    }

    [Fact]
    public async Task Cold_callers_of_three_processes_make_one_load_of_them_all()
    {
        await using var silo = new OneSilo();
        var embedded = (await silo.StartAsync()).Services.GetRequiredService<IOrleansCache>();
        IOrleansCache[] caches = [embedded, await silo.ConnectAsync(), await silo.ConnectAsync()];
        var gate = new TaskCompletionSource<int>();
        var loads = 0;
        var callers = Enumerable.Range(0, 999).Select(i => caches[i % 3].GetOrCreateAsync(Key, _ =>
        {
            Interlocked.Increment(ref loads);
            return new ValueTask<int>(gate.Task);
        }).AsTask()).ToArray();
        await Eventually.TrueAsync(() => Volatile.Read(ref loads) == 1);
        gate.SetResult(42);

        var results = await Task.WhenAll(callers).WaitAsync(Eventually.Deadline);

        Assert.Equal(1, loads);
        Assert.All(results, r => Assert.Equal(42, r.Value));
    }

    [Fact]
    public async Task A_write_during_a_load_stands_after_it()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var (one, two) = (await silo.ConnectAsync(), await silo.ConnectAsync());
        var (started, gate) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        var load = one.GetOrCreateAsync(Key, _ => { started.SetResult(); return new ValueTask<int>(gate.Task); }).AsTask();
        await started.Task;

        var written = await two.SetAsync(Key, 2);
        Assert.Equal(2, (await one.GetAsync<int>(Key)).Value);
        gate.SetResult(1);

        Assert.Equal((1, 0L), (await load) is var r ? (r.Value, r.Version) : default);
        Assert.Equal((2, written.Version), (await one.GetAsync<int>(Key)) is var s ? (s.Value, s.Version) : default);
    }

    [Fact]
    public async Task A_removal_during_a_load_leaves_nothing()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var cache = await silo.ConnectAsync();
        var (started, gate) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        var load = cache.GetOrCreateAsync(Key, _ => { started.SetResult(); return new ValueTask<int>(gate.Task); }).AsTask();
        await started.Task;

        await cache.RemoveAsync(Key);
        gate.SetResult(1);

        Assert.Equal(1, (await load).Value);
        Assert.Equal(Outcome.Miss, (await cache.GetAsync<int>(Key)).Outcome);
    }

    [Fact]
    public async Task A_factory_that_failed_elsewhere_leaves_the_next_caller_to_try()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var (one, two) = (await silo.ConnectAsync(), await silo.ConnectAsync());

        await Assert.ThrowsAsync<FormatException>(() => one.GetOrCreateAsync<int>(Key, _ => throw new FormatException()).AsTask());

        Assert.Equal(2, (await two.GetOrCreateAsync(Key, _ => new ValueTask<int>(2))).Value);
        Assert.Contains("FormatException", (await one.ExplainAsync(CacheKey.Of("orders", "8"))).LastError ?? "FormatException", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tag_invalidates_what_carries_it()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var (one, two) = (await silo.ConnectAsync(), await silo.ConnectAsync());
        await one.SetAsync(Key, 1, new() { Tags = ["a", "b"] });
        await one.SetAsync(CacheKey.Of("orders", "8"), 2, new() { Tags = ["c"] });

        await two.RemoveByTagAsync(["b"]);

        Assert.Equal(Outcome.Miss, (await one.GetAsync<int>(Key)).Outcome);
        Assert.Equal(2, (await one.GetAsync<int>(CacheKey.Of("orders", "8"))).Value);
    }

    [Fact]
    public async Task Explain_has_the_limiters_windows_in_the_silo_and_in_a_client()
    {
        await using var silo = new OneSilo();
        const string Partner = "OrleansCache:Integrations:partner";
        var embedded = (await silo.StartAsync(
            ($"{Partner}:BaseAddress", "http://127.0.0.1:1/"),
            ($"{Partner}:Service", "shop"),
            ($"{Partner}:ServiceVersion", "1.0"),
            ($"{Partner}:RateLimit:PerSecond", "7"),
            ($"{Partner}:Methods:country:Get", "countries/{code}"))).Services.GetRequiredService<IOrleansCache>();
        var client = await silo.ConnectAsync();
        var key = CacheKey.For(RegionName.OfMethod("shop", "1.0", "partner", "country"), ("code", "NL"));

        var (here, there) = (await embedded.ExplainAsync(key), await client.ExplainAsync(key));

        Assert.Contains("7", here.Limiter, StringComparison.Ordinal);
        Assert.Equal((here.Limiter, here.Breaker), (there.Limiter, there.Breaker));
        Assert.Null((await client.ExplainAsync(Key)).Limiter);
    }

    [Fact]
    public async Task HybridCache_works_over_the_wire()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var one = (await silo.ConnectedAsync()).Services.GetRequiredService<HybridCache>();
        var two = (await silo.ConnectedAsync()).Services.GetRequiredService<HybridCache>();

        Assert.Equal("made", await one.GetOrCreateAsync("k", _ => new ValueTask<string>("made"), tags: ["t"]));
        Assert.Equal("made", await two.GetOrCreateAsync("k", _ => new ValueTask<string>("again")));
        await one.RemoveByTagAsync("*");
        Assert.Equal("again", await two.GetOrCreateAsync("k", _ => new ValueTask<string>("again")));
        Assert.Null(await one.GetOrCreateAsync("null", _ => new ValueTask<string?>((string?)null)));
        Assert.Null(await two.GetOrCreateAsync("null", _ => new ValueTask<string?>("no")));
    }

    [Fact]
    public async Task An_unknown_integration_names_those_there_are()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync(("OrleansCache:Integrations:partner:BaseAddress", "http://127.0.0.1:9/"), ("OrleansCache:Integrations:partner:Methods:country:Get", "countries/{code}"));
        var cache = await silo.ConnectAsync();

        var e = await Assert.ThrowsAsync<ArgumentException>(() => cache.CallAsync<string>("shipper", "country", new Dictionary<string, string?>()).AsTask());
        Assert.Contains("'partner'", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<ArgumentException>(() => cache.CallAsync<string>("partner", "country", new Dictionary<string, string?>()).AsTask());
        Assert.Contains("'code'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_of_eight_mebibytes_passes_and_a_larger_one_is_refused()
    {
        await using var silo = new OneSilo();
        await silo.StartAsync();
        var cache = await silo.ConnectAsync();
        var large = new byte[ValueCodecs.MaxBytes];
        Random.Shared.NextBytes(large);

        await cache.SetAsync(Key, large);

        Assert.Equal(large, (await cache.GetAsync<byte[]>(Key)).Value);
        await Assert.ThrowsAsync<ArgumentException>(() => cache.SetAsync(Key, new byte[ValueCodecs.MaxBytes + 1]).AsTask());
    }

    [Fact]
    public async Task Without_a_silo_a_call_ends_with_what_to_check()
    {
        Assert.SkipWhen(typeof(IGrainFactory).Namespace == "Orleans", "On Orleans the start of a client waits for its silo.");
        await using var silo = new OneSilo();
        var cache = await silo.ConnectAsync(o => o.CallTimeout = TimeSpan.FromMilliseconds(500));

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(() => cache.GetAsync<int>(Key).AsTask());

        Assert.Contains("connection string", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_started_before_its_silo_finds_it()
    {
        Assert.SkipWhen(typeof(IGrainFactory).Namespace == "Orleans", "On Orleans the start of a client waits for its silo.");
        await using var silo = new OneSilo();
        var cache = await silo.ConnectAsync();
        var read = cache.GetAsync<int>(Key).AsTask();

        await silo.StartAsync();

        Assert.Equal(Outcome.Miss, (await read.WaitAsync(Eventually.Deadline)).Outcome);
    }
}
