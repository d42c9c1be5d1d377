using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.Cluster;
using OrleansCache.TestSupport;

namespace OrleansCache.Strategies;

/// <summary>One silo, and clients on TCP.</summary>
public sealed class OneSiloFixture() : SilosFixture(1);

/// <summary>Three silos that share a Redis.</summary>
public sealed class ThreeSilosFixture() : SilosFixture(3);

public sealed class CallsOverOneSiloTests(OneSiloFixture silos) : CallsThroughStrategiesTests(silos), IClassFixture<OneSiloFixture>;

public sealed class CallsOverThreeSilosTests(ThreeSilosFixture silos) : CallsThroughStrategiesTests(silos), IClassFixture<ThreeSilosFixture>;

/// <summary>Silos with an integration for each test's limit, and two clients.</summary>
public abstract class SilosFixture(int count) : IAsyncLifetime
{
    private Silos _silos = null!;

    public IOrleansCache One { get; private set; } = null!;

    public IOrleansCache Two { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _silos = await Silos.StartAsync(count,
            Limit("used", "PerMinute", "5"), Limit("used", "OnMiss", "Refuse"), Limit("shared", "PerMinute", "5"), Limit("shared", "OnMiss", "Refuse"),
            Limit("waits", "PerSecond", "1"), Limit("waits", "MaxWait", "00:00:20"), Limit("bypasses", "PerMinute", "1"), Limit("bypasses", "OnMiss", "Bypass"),
            Limit("refuses", "PerMinute", "5"), Limit("refuses", "OnMiss", "Refuse"), Limit("attempts", "PerMinute", "5"), Limit("attempts", "OnMiss", "Refuse"),
            Limit("refresh", "PerMinute", "5"));
        (One, Two) = (await _silos.CacheAsync(), await _silos.CacheAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_silos is not null)
            await _silos.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static (string, string) Limit(string integration, string setting, string value) => ($"OrleansCache:Integrations:{integration}:RateLimit:{setting}", value);
}

public abstract class CallsThroughStrategiesTests(SilosFixture silos)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);
    private int _calls;

    [Fact]
    public async Task A_limiter_given_to_a_strategy_is_used_and_counts_per_integration_and_not_per_key()
    {
        var get = silos.One.Decorate("used", "get", Count, CacheStrategy.Ttl(Minute) with { Limiter = "used" });

        var (answered, refused) = await OutcomesAsync(get, get);

        Assert.InRange(answered.Count, 1, 5);
        Assert.All(refused, e => Assert.Equal("limited", e.Detail));
        Assert.Equal(answered.Count, _calls);
        Assert.Equal(answered.Values, await Task.WhenAll(answered.Keys.Select(key => get(key, default))));
    }

    [Fact]
    public async Task A_limit_holds_for_all_methods_and_processes_together()
    {
        var strategy = CacheStrategy.Ttl(Minute) with { Limiter = "shared" };
        var (html, size) = (silos.One.Decorate("shared", "getHtml", Count, strategy), silos.Two.Decorate("shared", "getSize", Count, strategy));

        var (answered, _) = await OutcomesAsync(html, size);

        Assert.InRange(answered.Count, 1, 5);
        Assert.Equal(answered.Count, _calls);
    }

    [Fact]
    public async Task A_miss_that_the_limiter_refuses_waits_for_a_permit_where_OnMiss_says_Wait()
    {
        var get = silos.One.Decorate("waits", "get", Count, CacheStrategy.Ttl(Minute) with { Limiter = "waits" });
        var started = TimeProvider.System.GetTimestamp();

        Assert.Equal(3, (await Task.WhenAll(get("a", default), get("b", default), get("c", default))).Length);

        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_miss_that_the_limiter_refuses_is_called_all_the_same_where_OnMiss_says_Bypass()
    {
        var get = silos.One.Decorate("bypasses", "get", Count, CacheStrategy.Ttl(Minute) with { Limiter = "bypasses" });

        Assert.Equal(("1", "2", "3"), (await get("a", default), await get("b", default), await get("c", default)));
    }

    [Fact]
    public async Task A_miss_that_the_limiter_refuses_is_told_when_to_come_back_where_OnMiss_says_Refuse()
    {
        var get = silos.One.Decorate("refuses", "get", Count, CacheStrategy.Ttl(Minute) with { Limiter = "refuses" });

        var (answered, refused) = await OutcomesAsync(get, get);

        Assert.NotEmpty(answered);
        Assert.All(refused, e => Assert.InRange(e.RetryAfter!.Value, Instant, Minute * 1.1));
        Assert.NotEmpty(refused);
    }

    [Fact]
    public async Task Each_attempt_takes_a_permit_and_the_one_without_is_not_made()
    {
        var get = silos.One.Decorate<string, string>("attempts", "get", (id, ct) => throw new IOException($"{Interlocked.Increment(ref _calls)}"),
            CacheStrategy.Ttl(Minute) with { Limiter = "attempts", Retry = new() { MaxRetryAttempts = 9, Delay = TimeSpan.Zero } });

        var refused = await Assert.ThrowsAsync<IntegrationException>(() => get("a", default));

        Assert.Equal(("limited", $"{_calls}"), (refused.Detail, refused.InnerException!.Message));
        Assert.InRange(_calls, 1, 5);
    }

    [Fact]
    public async Task Ttl_loads_past_fresh_time_while_its_reader_waits()
    {
        var get = silos.One.Decorate("ttl", "get", Count, CacheStrategy.Ttl(Instant) with { StaleFor = Minute });

        var (before, value) = (0, await get("a", default));
        await Eventually.TrueAsync(async () =>
        {
            (before, value) = (_calls, await get("a", default));
            return _calls > before;
        });

        Assert.Equal($"{_calls}", value);
    }

    [Fact]
    public async Task Background_serves_the_old_value_at_once_and_refreshes_behind_it()
    {
        var gate = new TaskCompletionSource();
        var get = silos.One.Decorate("behind", "get", async (string id, CancellationToken ct) =>
        {
            var value = await CountAsync(id, ct);
            if (value != "1")
                await gate.Task.WaitAsync(Eventually.Deadline);
            return value;
        }, CacheStrategy.Background(TimeSpan.FromMilliseconds(200), Minute));
        await get("a", default);
        await Eventually.TrueAsync(async () => { await get("a", default); return Volatile.Read(ref _calls) == 2; });

        Assert.Equal("1", await get("a", default));
        gate.SetResult();

        await Eventually.TrueAsync(async () => await get("a", default) != "1");
    }

    [Fact]
    public async Task A_failed_refresh_keeps_the_old_value_and_is_no_error_to_its_readers()
    {
        var get = silos.One.Decorate("fails", "get", async (string id, CancellationToken ct) => await CountAsync(id, ct) is "1" ? "good" : throw new IOException("down"),
            CacheStrategy.Background(Instant, Minute));
        await get("a", default);

        await Eventually.TrueAsync(async () => { Assert.Equal("good", await get("a", default)); return Volatile.Read(ref _calls) >= 2; });

        Assert.Equal("good", await get("a", default));
    }

    [Fact]
    public async Task A_refresh_without_a_permit_keeps_the_old_value_and_makes_no_call()
    {
        var get = silos.One.Decorate("refresh", "get", Count, CacheStrategy.Background(Instant, Minute) with { Limiter = "refresh" });
        await get("a", default);

        for (var i = 0; i < 200; i++)
            Assert.InRange(int.Parse(await get("a", default), System.Globalization.CultureInfo.InvariantCulture), 1, 5);

        Assert.InRange(_calls, 1, 5);
    }

    [Fact]
    public async Task Falsy_results_are_cached()
    {
        var strategy = CacheStrategy.Ttl(Minute);
        var no = silos.One.Decorate("falsy", "false", ct => { _calls++; return Task.FromResult(false); }, strategy);
        var zero = silos.One.Decorate("falsy", "zero", ct => { _calls++; return Task.FromResult(0); }, strategy);
        var empty = silos.One.Decorate("falsy", "empty", ct => { _calls++; return Task.FromResult(""); }, strategy);
        var none = silos.One.Decorate("falsy", "none", ct => { _calls++; return Task.FromResult<string?>(null); }, strategy);
        var list = silos.One.Decorate("falsy", "list", ct => { _calls++; return Task.FromResult<int[]>([]); }, strategy);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal((false, 0, "", null), (await no(default), await zero(default), await empty(default), await none(default)));
            Assert.Empty(await list(default));
        }

        Assert.Equal(5, _calls);
    }

    [Fact]
    public async Task Absence_has_a_lifetime_of_its_own()
    {
        var get = silos.One.Decorate("absent", "get", (string id, CancellationToken ct) => { _calls++; return Task.FromResult<string?>(null); }, CacheStrategy.Ttl(Minute) with { AbsentFor = TimeSpan.Zero });

        Assert.Null(await get("a", default));
        Assert.Null(await get("a", default));

        Assert.Equal(2, _calls);
    }

    [Fact]
    public async Task Values_and_arguments_with_any_separator_survive()
    {
        string[] texts = ["", ":", "a:b", "a=b", "a&b", "b=2&a=1", "%3A", "a%", "/", "\\", "\n", "|", ";", ",", "{id}", "é", "e\u0301x", "日本", "😀", "null", " a "];
        var get = silos.One.Decorate("any", "get", (string a, string? b, CancellationToken ct) => { Interlocked.Increment(ref _calls); return Task.FromResult($"{a}\0{b}"); }, CacheStrategy.Ttl(Minute));
        var again = silos.Two.Decorate<string, string?, string>("any", "get", (a, b, ct) => throw new InvalidOperationException("It is cached."), CacheStrategy.Ttl(Minute));

        foreach (var a in texts)
        {
            foreach (var b in texts.Append(null))
                Assert.Equal($"{a}\0{b}", await get(a, b, default));
        }

        Assert.Equal(texts.Length * (texts.Length + 1), _calls);
        foreach (var a in texts)
            Assert.Equal($"{a}\0", await again(a, null, default));
    }

    [Fact]
    public async Task Two_replicas_do_not_fetch_twice()
    {
        var gate = new TaskCompletionSource();
        Func<string, CancellationToken, Task<string>> slow = async (id, ct) =>
        {
            var value = await CountAsync(id, ct);
            await gate.Task.WaitAsync(Eventually.Deadline);
            return value;
        };
        var (one, two) = (silos.One.Decorate("replicas", "get", slow, CacheStrategy.Ttl(Minute)), silos.Two.Decorate("replicas", "get", slow, CacheStrategy.Ttl(Minute)));
        var callers = Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? one("a", default) : two("a", default)).ToArray();
        await Eventually.TrueAsync(() => Volatile.Read(ref _calls) > 0);
        gate.SetResult();

        Assert.All(await Task.WhenAll(callers).WaitAsync(Eventually.Deadline), value => Assert.Equal("1", value));
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task What_is_not_stored_reaches_those_who_waited_in_another_process_too()
    {
        foreach (var value in new[] { "text", null })
        {
            var gate = new TaskCompletionSource();
            _calls = 0;
            Func<string?, CancellationToken, Task<string?>> slow = async (id, ct) =>
            {
                Interlocked.Increment(ref _calls);
                LoadContext.Current!.DoNotStore = true;
                await gate.Task.WaitAsync(Eventually.Deadline);
                return id;
            };
            var (one, two) = (silos.One.Decorate("unstored", "get", slow), silos.Two.Decorate("unstored", "get", slow));
            var first = one(value, default);
            await Eventually.TrueAsync(() => Volatile.Read(ref _calls) == 1);
            var second = two(value, default);
            gate.SetResult();

            Assert.Equal((value, value), (await first, await second));
        }
    }

    [Fact]
    public async Task A_tag_of_an_argument_invalidates_that_calls_value_alone()
    {
        var get = silos.One.Decorate("tagged", "get", Count, CacheStrategy.Ttl(Minute) with { Tags = ["tagged", "patient:{id}"] });
        await get("7", default);
        await get("8", default);

        await silos.Two.RemoveByTagAsync(["patient:7"]);

        Assert.Equal(("3", "2"), (await get("7", default), await get("8", default)));
    }

    private Func<string, CancellationToken, Task<string>> Count => CountAsync;

    // A permit that came too late to be used counts as well, so a limit of five is at least one call and never six.
    private static async Task<(Dictionary<string, string> Answered, List<IntegrationException> Refused)> OutcomesAsync(params Func<string, CancellationToken, Task<string>>[] functions)
    {
        var (answered, refused) = (new Dictionary<string, string>(), new List<IntegrationException>());
        for (var i = 0; i < 12; i++)
        {
            try
            {
                answered.Add($"{i}", await functions[i % functions.Length]($"{i}", default));
            }
            catch (IntegrationException e)
            {
                refused.Add(e);
            }
        }

        return (answered, refused);
    }

    private Task<string> CountAsync(string id, CancellationToken ct) =>
        Task.FromResult(Interlocked.Increment(ref _calls).ToString(System.Globalization.CultureInfo.InvariantCulture));
}
