using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Versions;

/// <summary>Calls that ask for the origin's version before a cached value is served.</summary>
public sealed class VersionedTests : IAsyncDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly FakeCluster _cluster = new();
    private readonly List<string> _asked = [];
    private string? _version = "v1";
    private int _calls;

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private CacheStrategy Strategy => CacheStrategy.Versioned(
        (call, _) =>
        {
            _asked.Add(call.Argument<string>("id"));
            return new(_version);
        },
        Hour);

    [Fact]
    public async Task The_same_version_is_served_and_a_changed_one_is_recomputed_and_stored()
    {
        var get = Decorated(Strategy);

        Assert.Equal(("7 of call 1", "7 of call 1"), (await get("7", default), await get("7", default)));
        _version = "v2";
        Assert.Equal(("7 of call 2", "7 of call 2"), (await get("7", default), await get("7", default)));

        Assert.Equal(["7", "7", "7", "7"], _asked);
        Assert.Equal("v2", Entry("7").OriginVersion);
        Assert.Equal("v2", (await _cluster.Cache.ExplainAsync(_cluster.Cache.KeyOf("simi", "get", ("id", "7")))).OriginVersion);
    }

    [Fact]
    public async Task Other_arguments_are_other_entries_with_versions_of_their_own()
    {
        var get = Decorated(CacheStrategy.Versioned((call, _) => new("v of " + call.Argument<string>("id"))));

        await get("7", default);
        await get("8", default);

        Assert.Equal(("v of 7", "v of 8"), (Entry("7").OriginVersion, Entry("8").OriginVersion));
    }

    [Fact]
    public async Task The_ceiling_on_lifetime_is_the_stored_values_own()
    {
        await Decorated(Strategy)("7", default);

        Assert.Equal((3_600_000L, OrleansCache.Strategy.Versioned), (Entry("7").Completions.Single().Lifetime!.FreshMilliseconds, Entry("7").Reads.First().Strategy));
    }

    [Fact]
    public async Task A_call_without_history_has_the_default_version()
    {
        _version = null;
        await Decorated(Strategy)("7", default);
        await Decorated(Strategy with { DefaultVersion = "none" })("8", default);

        Assert.Equal(("-1", "none"), (Entry("7").OriginVersion, Entry("8").OriginVersion));
    }

    [Fact]
    public async Task A_version_of_any_length_is_compared_whole()
    {
        var get = Decorated(Strategy);
        var prefix = new string('x', 1_000);
        foreach (var (version, calls) in new[] { (prefix + "1", 1), (prefix + "1", 1), (prefix + "2", 2) })
        {
            _version = version;
            Assert.Equal($"7 of call {calls}", await get("7", default));
        }

        Assert.True(Entry("7").OriginVersion!.Length < 100);
    }

    [Fact]
    public async Task Concurrent_readers_of_a_key_ask_once_and_share_the_load()
    {
        var (asked, open) = (0, new TaskCompletionSource<string?>());
        var get = Decorated(CacheStrategy.Versioned((_, _) =>
        {
            asked++;
            return new(open.Task);
        }));

        var readers = Enumerable.Range(0, 20).Select(_ => get("7", default)).ToArray();
        open.SetResult("v1");

        Assert.All(await Task.WhenAll(readers).WaitAsync(Eventually.Deadline), value => Assert.Equal("7 of call 1", value));
        Assert.Equal((1, 1), (asked, _calls));
    }

    [Fact]
    public async Task The_load_belongs_to_the_version_that_was_asked_for_before_it()
    {
        var strategy = Strategy;
        var get = _cluster.Cache.Decorate("simi", "get", (string id, CancellationToken _) =>
        {
            _version = "v2";        // changed while it is read
            return Task.FromResult($"{id} of call {++_calls}");
        }, strategy);

        await get("7", default);
        Assert.Equal("v1", Entry("7").OriginVersion);

        Assert.Equal("7 of call 2", await get("7", default));
    }

    [Fact]
    public async Task Readers_of_different_versions_do_not_share_a_load()
    {
        var (open, loads) = (new TaskCompletionSource(), new List<string>());
        var get = _cluster.Cache.Decorate("simi", "get", async (string id, CancellationToken _) =>
        {
            var mine = _version!;
            loads.Add(mine);
            await open.Task;
            return mine;
        }, Strategy);

        var first = get("7", default);
        _version = "v2";
        var second = get("7", default);
        open.SetResult();

        Assert.Equal(("v1", "v2"), (await first.WaitAsync(Eventually.Deadline), await second.WaitAsync(Eventually.Deadline)));
        Assert.Equal(["v1", "v2"], loads);
    }

    [Fact]
    public async Task A_failing_version_function_fails_the_read_unless_the_strategy_says_otherwise()
    {
        var get = Decorated(Strategy);
        await get("7", default);
        _version = "fails";

        Assert.Equal("no version", (await Assert.ThrowsAsync<IOException>(() => Decorated(Failing(null))("7", default))).Message);
        await Assert.ThrowsAsync<IOException>(() => Decorated(Failing(null))("8", default));

        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task A_failing_version_function_serves_what_is_there_and_loads_if_nothing_is()
    {
        await Decorated(Strategy)("7", default);
        var key = _cluster.Cache.KeyOf("simi", "get", ("id", "7"));

        var served = await _cluster.Cache.GetOrCreateAsync<string>(key, _ => throw new InvalidOperationException("ran"), Failing(OnVersionFailure.Serve));

        Assert.Equal(("7 of call 1", Outcome.Stale), (served.Value, served.Outcome));
        Assert.Equal("8 of call 2", await Decorated(Failing(OnVersionFailure.Serve))("8", default));
        Assert.Null(Entry("8").OriginVersion);
    }

    [Fact]
    public async Task A_failing_version_function_counts_as_changed_each_time_it_fails()
    {
        var get = Decorated(Failing(OnVersionFailure.Recompute));
        await Decorated(Strategy)("7", default);

        Assert.Equal(("7 of call 2", "7 of call 3"), (await get("7", default), await get("7", default)));
        Assert.Equal("7 of call 4", await Decorated(Strategy)("7", default));
        var loaded = await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, static _ => new ValueTask<string>("new"), Failing(OnVersionFailure.Recompute));
        Assert.Equal(("new", Outcome.Loaded), (loaded.Value, loaded.Outcome));
    }

    [Fact]
    public async Task Many_keys_are_asked_for_their_versions_first_and_those_that_changed_are_loaded_together()
    {
        var versions = new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "v1", ["b"] = "v1", ["c"] = "v1" };
        var (strategy, loads) = (CacheStrategy.Versioned((call, _) => new(versions[call.Key.Key])), new List<string>());
        CacheKey[] keys = [.. versions.Keys.Select(static key => CacheKey.Of("r", key))];
        ValueTask<IReadOnlyList<KeyResult<CacheResult<string>>>> ReadAsync() => _cluster.Cache.GetOrCreateManyAsync<string>(
            [.. keys, CacheKey.Of("r", "unknown")],
            (missing, _) =>
            {
                loads.Add(string.Join(' ', missing.Select(static key => key.Key)));
                return new(missing.ToDictionary(static key => key, key => versions[key.Key]));
            },
            strategy);

        await ReadAsync();
        (versions["a"], versions["c"]) = ("v2", "v2");
        var results = await ReadAsync();

        Assert.Equal(["a b c", "a c"], loads);
        Assert.Equal(["v2", "v1", "v2"], results.Take(3).Select(static result => result.Result.Value));
        Assert.IsType<KeyNotFoundException>(results[3].Error);
    }

    [Fact]
    public async Task A_token_ends_its_readers_wait_for_the_version_and_not_the_question()
    {
        using var leaving = new CancellationTokenSource();
        var (asked, open) = (0, new TaskCompletionSource<string?>());
        var get = Decorated(CacheStrategy.Versioned((_, ct) =>
        {
            Assert.False(ct.IsCancellationRequested);
            asked++;
            return new(open.Task);
        }));
        var (gone, stays) = (get("7", leaving.Token), get("7", default));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        open.SetResult("v1");

        Assert.Equal(("7 of call 1", 1), (await stays.WaitAsync(Eventually.Deadline), asked));
    }

    [Fact]
    public async Task A_question_has_an_attempts_time()
    {
        var strategy = CacheStrategy.Versioned(async (_, ct) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _cluster.Clock, ct);
            return "v1";
        }) with { AttemptTimeout = TimeSpan.FromSeconds(1), OnVersionFailure = OnVersionFailure.Recompute };

        Assert.Equal("7 of call 1", await _cluster.DriveAsync(new ValueTask<string>(Decorated(strategy)("7", default))));
    }

    [Fact]
    public async Task A_version_function_that_reads_its_own_key_is_told_of_the_circle()
    {
        CacheStrategy strategy = null!;
        strategy = CacheStrategy.Versioned(async (call, _) => (await _cluster.Cache.GetOrCreateAsync(call.Key, _ => new ValueTask<string>("x"), strategy)).Value);

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("x"), strategy).AsTask().WaitAsync(Eventually.Deadline));

        Assert.Contains("circle", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_the_client_ends_the_version_functions_that_run()
    {
        var get = Decorated(CacheStrategy.Versioned(async (_, ct) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _cluster.Clock, ct);
            return "v1";
        }));
        var read = get("7", default);

        await _cluster.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task An_argument_that_is_not_there_is_told_with_what_is()
    {
        var misspelt = Decorated(CacheStrategy.Versioned(static (call, _) => new(call.Argument<string>("ids"))));
        var mistyped = Decorated(CacheStrategy.Versioned(static (call, _) => new(call.Argument<DateTime>("id").ToString("O"))));
        var misread = Decorated(CacheStrategy.Versioned(static (call, _) => new(call.Argument<Uri>("id").Host)));

        Assert.Contains("no argument 'ids'; did you mean 'id'?", (await Assert.ThrowsAsync<ArgumentException>(() => misspelt("7", default))).Message, StringComparison.Ordinal);
        Assert.Contains("is a System.String, no System.DateTime", (await Assert.ThrowsAsync<ArgumentException>(() => mistyped("7", default))).Message, StringComparison.Ordinal);
        Assert.Contains("is a null, no System.DateTime", (await Assert.ThrowsAsync<ArgumentException>(() => mistyped(null!, default))).Message, StringComparison.Ordinal);
        Assert.Contains("is a System.String, no System.Uri", (await Assert.ThrowsAsync<ArgumentException>(() => misread("7", default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_hold_is_refused_with_field_and_remedy()
    {
        Refused("CacheStrategy.Version is not set", new() { Strategy = OrleansCache.Strategy.Versioned });
        Refused("CacheStrategy.Strategy is not set", new() { Version = Strategy.Version });
        Refused("CacheStrategy.SessionVersions is 0; set it to 1 or more", Strategy with { SessionVersions = 0 });
        var e = await Assert.ThrowsAnyAsync<ArgumentException>(() => _cluster.Cache.GetOrCreateAsync(
            FakeCluster.Key, _ => new ValueTask<int>(1), new EntryOptions { Strategy = OrleansCache.Strategy.Versioned }).AsTask());
        Assert.Contains("give a CacheStrategy.Versioned", e.Message, StringComparison.Ordinal);

        void Refused(string words, CacheStrategy strategy) =>
            Assert.Contains(words, Assert.ThrowsAny<ArgumentException>(() => Decorated(strategy)).Message, StringComparison.Ordinal);
    }

    private static CacheStrategy Failing(OnVersionFailure? policy) =>
        CacheStrategy.Versioned(static (_, _) => throw new IOException("no version"), Hour) with { OnVersionFailure = policy };

    private Func<string, CancellationToken, Task<string>> Decorated(CacheStrategy strategy) =>
        _cluster.Cache.Decorate("simi", "get", (string id, CancellationToken _) => Task.FromResult($"{id} of call {++_calls}"), strategy);

    private FakeEntry Entry(string id) => _cluster.EntryOf(_cluster.Cache.KeyOf("simi", "get", ("id", id)));
}
