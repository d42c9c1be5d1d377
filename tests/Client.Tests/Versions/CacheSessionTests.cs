using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Versions;

/// <summary>Sessions: what is remembered in one, how long, and of what.</summary>
public sealed class CacheSessionTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly List<string> _asked = [];
    private readonly Func<string, CancellationToken, Task<string>> _get;
    private string _version = "v1";
    private int _calls;

    public CacheSessionTests() => _get = Decorated();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_version_is_asked_for_once_in_a_session_and_all_its_reads_agree()
    {
        using var session = CacheSession.Begin();
        var first = await _get("7", default);
        _version = "v2";

        Assert.Equal((first, first), (await _get("7", default), await Task.Run(() => _get("7", default))));
        Assert.Equal(["7"], _asked);
    }

    [Fact]
    public async Task A_version_never_leaks_from_one_argument_set_to_another()
    {
        using var session = CacheSession.Begin();
        await _get("7", default);
        await _get("8", default);
        _version = "v2";
        await Decorated("other")("7", default);

        Assert.Equal(["7", "8", "7"], _asked);
        Assert.Equal(("v of 7: v1", "v of 8: v1"), (Entry("7").OriginVersion, Entry("8").OriginVersion));
    }

    [Fact]
    public async Task Another_session_and_reads_outside_of_one_ask_for_themselves()
    {
        using (CacheSession.Begin())
            await _get("7", default);
        _version = "v2";

        using (CacheSession.Begin())
            Assert.Equal("7 of call 2", await _get("7", default));
        await _get("7", default);

        Assert.Equal(3, _asked.Count);
        Assert.Null(CacheSession.Current);
    }

    [Fact]
    public async Task Two_sessions_at_once_each_go_by_their_own_version_and_neither_goes_back()
    {
        var (old, older) = (CacheSession.Begin(), await _get("7", default));
        var flow = ExecutionContext.Capture()!;
        _version = "v2";
        string newer;
        using (CacheSession.Begin())
        {
            newer = await _get("7", default);
            Assert.Equal(newer, await InOldAsync());        // stored since the old session looked
            Assert.Equal(newer, await _get("7", default));
        }

        Assert.NotEqual(older, newer);
        Assert.Equal((newer, 2), (await _get("7", default), _calls));
        old.Dispose();

        Task<string> InOldAsync()
        {
            Task<string> read = null!;
            ExecutionContext.Run(flow, _ => read = _get("7", default), null);
            return read;
        }
    }

    [Fact]
    public async Task A_stale_memo_never_serves_a_value_older_than_another_read_of_the_session()
    {
        using var session = CacheSession.Begin();
        await _get("7", default);
        var (older, label) = (Entry("7").Value, Entry("7").OriginVersion);
        (_version, Entry("7").Value) = ("v2", null);
        Assert.Equal("7 of call 2", await _get("7", default));

        (Entry("7").Value, Entry("7").OriginVersion) = (older, "v of 7: v0");        // as from a store that went back

        Assert.Equal("7 of call 3", await _get("7", default));
        Assert.Equal(3, _asked.Count);      // each load is of a version of its own
        Assert.Equal("v of 7: v1", label);
    }

    [Fact]
    public async Task What_a_session_loads_later_is_of_the_version_that_the_origin_has_then()
    {
        using (CacheSession.Begin())
        {
            await _get("7", default);
            (_version, Entry("7").Value) = ("v2", null);

            Assert.Equal(("7 of call 2", "7 of call 2"), (await _get("7", default), await _get("7", default)));
            Assert.Equal(("v of 7: v2", 2), (Entry("7").OriginVersion, _asked.Count));
        }

        _version = "v1";
        Assert.Equal("7 of call 3", await _get("7", default));
    }

    [Fact]
    public async Task A_session_that_went_on_to_another_version_does_not_go_back_to_its_first()
    {
        using var session = CacheSession.Begin();
        await _get("7", default);
        var older = Entry("7").Value;
        (_version, Entry("7").Value) = ("v2", null);
        await _get("7", default);

        (Entry("7").Value, Entry("7").OriginVersion) = (older, "v of 7: v1");

        Assert.Equal("7 of call 3", await _get("7", default));
    }

    [Fact]
    public async Task What_a_session_loads_later_for_many_keys_is_loaded_together_and_of_the_versions_from_then()
    {
        var (version, loads) = ("v1", new List<string>());
        var strategy = CacheStrategy.Versioned((_, _) => new(version));
        CacheKey[] keys = [CacheKey.Of("r", "a"), CacheKey.Of("r", "b"), CacheKey.Of("r", "c")];
        async Task<string[]> ReadAsync() => [.. (await _cluster.Cache.GetOrCreateManyAsync(
            keys,
            (missing, _) =>
            {
                loads.Add(string.Join(' ', missing.Select(static key => key.Key)));
                return new ValueTask<IReadOnlyDictionary<CacheKey, string>>(missing.ToDictionary(static key => key, _ => version));
            },
            strategy)).Select(static read => read.Result.Value!)];
        using var session = CacheSession.Begin();
        await ReadAsync();
        (version, _cluster.EntryOf(keys[0]).Value, _cluster.EntryOf(keys[2]).Value) = ("v2", null, null);

        Assert.Equal(["v2", "v1", "v2"], await ReadAsync());

        Assert.Equal(["a b c", "a c"], loads);
        Assert.Equal(["v2", "v1", "v2"], keys.Select(key => _cluster.EntryOf(key).OriginVersion));
    }

    [Fact]
    public async Task Of_two_reads_of_a_session_that_race_the_first_answer_wins_for_all()
    {
        var answers = new List<TaskCompletionSource<string?>>();
        var get = Asking(answers);
        using var session = CacheSession.Begin();
        var slow = get("7", default);
        _cluster.Flights.DetachAll();       // as a change does, after which nobody shares what was asked before it
        var quick = get("7", default);

        answers[1].SetResult("v2");
        var given = await quick.WaitAsync(Eventually.Deadline);
        answers[0].SetResult("v1");

        Assert.Equal((given, given), (await slow.WaitAsync(Eventually.Deadline), await get("7", default)));
        Assert.Equal((2, 1), (answers.Count, _calls));
    }

    [Fact]
    public async Task A_load_by_the_read_whose_answer_came_second_is_of_neither()
    {
        var answers = new List<TaskCompletionSource<string?>>();
        var get = Asking(answers);
        using var session = CacheSession.Begin();
        var slow = get("7", default);
        _cluster.Flights.DetachAll();
        var quick = get("7", default);
        answers[1].SetResult("v2");
        await quick.WaitAsync(Eventually.Deadline);
        Entry("7").Value = null;

        answers[0].SetResult("v1");
        await Eventually.TrueAsync(() => answers.Count == 3);
        answers[2].SetResult("v3");

        Assert.Equal(("7 of call 2", "v3"), (await slow.WaitAsync(Eventually.Deadline), Entry("7").OriginVersion));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_that_knows_the_version_from_now_shares_no_flight_of_one_that_remembers_the_same(bool isOfTheSession)
    {
        var (answers, open) = (new List<TaskCompletionSource<string?>>(), new TaskCompletionSource());
        var get = Asking(answers);
        var outside = ExecutionContext.Capture()!;
        using var session = CacheSession.Begin();
        Task<string> knows = null!;
        if (isOfTheSession)
        {
            var first = get("7", default);
            answers[0].SetResult("v1");
            await first.WaitAsync(Eventually.Deadline);
            Entry("7").Value = null;
            knows = get("7", default);
        }
        else
        {
            ExecutionContext.Run(outside, _ => knows = get("7", default), null);
            session.Keep(_cluster.Cache.KeyOf("simi", "get", ("id", "7")), "v1", 1);
        }

        await Eventually.TrueAsync(() => answers.Count == (isOfTheSession ? 2 : 1));
        Entry("7").OnRead = async request =>
        {
            if (request.IsRemembered)
                await open.Task;
            return Entry("7").Usual(request);
        };
        var remembers = get("7", default);
        await Eventually.TrueAsync(() => Entry("7").Reads.Last().IsRemembered && _cluster.Flights.Count >= 2);
        answers[^1].SetResult("v1");

        var given = await knows.WaitAsync(Eventually.Deadline);
        open.SetResult();

        Assert.Equal((given, "v1"), (await remembers.WaitAsync(Eventually.Deadline), Entry("7").OriginVersion));
        Assert.NotNull(given);
    }

    [Fact]
    public async Task An_owner_that_wants_the_version_over_and_over_is_no_miss()
    {
        var key = _cluster.Cache.KeyOf("simi", "get", ("id", "7"));
        Entry("7").OnRead = static _ => new(new ReadReply { Status = ReadStatus.AskVersion });

        await Assert.ThrowsAsync<CacheUnavailableException>(() => _get("7", default));
        var many = await _cluster.Cache.GetOrCreateManyAsync<string>([key], static (_, _) => throw new InvalidOperationException("ran"), CacheStrategy.Versioned(static (_, _) => new("v1")));

        Assert.IsType<CacheUnavailableException>(many.Single().Error);
    }

    [Fact]
    public async Task What_a_session_wrote_it_reads()
    {
        using var session = CacheSession.Begin();
        await _get("7", default);
        Entry("7").OnWrite = request =>
        {
            var reply = Entry("7").Written(request);
            (Entry("7").OriginVersion, Entry("7").Value) = (null, Entry("7").Value! with { LastRetrieved = 9_000_000 });
            return new(reply);
        };

        await _cluster.Cache.SetAsync(_cluster.Cache.KeyOf("simi", "get", ("id", "7")), "mine");

        Assert.Equal(("mine", 1), (await _get("7", default), _calls));
    }

    [Fact]
    public async Task A_session_remembers_no_more_than_its_bound_for_each_method_and_what_was_read_longest_ago_goes_first()
    {
        var (bounded, other) = (Decorated(bound: 2), Decorated("other"));
        using var session = CacheSession.Begin();
        foreach (var id in new[] { "1", "2", "1", "3", "1", "2" })
        {
            await bounded(id, default);
            await other(id, default);
        }

        Assert.Equal(["1", "1", "2", "2", "3", "3", "2"], _asked);
    }

    [Fact]
    public async Task A_version_that_is_not_known_is_not_remembered()
    {
        var fails = true;
        var get = _cluster.Cache.Decorate("simi", "get", (string id, CancellationToken _) => Task.FromResult($"{id} of call {++_calls}"),
            CacheStrategy.Versioned((_, _) => fails ? throw new IOException() : new("v1")) with { OnVersionFailure = OnVersionFailure.Recompute });
        using var session = CacheSession.Begin();
        await get("7", default);
        fails = false;
        await get("7", default);

        Assert.Equal(("7 of call 2", "v1"), (await get("7", default), Entry("7").OriginVersion));
    }

    [Fact]
    public async Task A_disposed_session_is_over_for_all_that_it_began()
    {
        var open = new TaskCompletionSource();
        Task<(CacheSession?, string)> late;
        var session = CacheSession.Begin();
        using (session)
        {
            await _get("7", default);
            late = Task.Run(async () => { await open.Task; return (CacheSession.Current, await _get("7", default)); });
        }

        _version = "v2";
        open.SetResult();

        Assert.Equal((null, "7 of call 2"), await late.WaitAsync(Eventually.Deadline));
        Assert.Null(session.Find(_cluster.Cache.KeyOf("simi", "get", ("id", "7"))));
    }

    [Fact]
    public void What_a_session_saw_last_does_not_bring_it_back_to_an_older_value()
    {
        using var session = CacheSession.Begin();
        session.Saw(FakeCluster.Key, 9, most: 1, new("v1"));

        session.Saw(FakeCluster.Key, 5, most: 1, new("v1"));
        Assert.Equal(9, session.Find(FakeCluster.Key)!.Value.Seen);
        session.Saw(CacheKey.Of("r", "other"), 5, most: 1, new("v1"));

        Assert.Null(session.Find(FakeCluster.Key));
    }

    [Fact]
    public void A_session_keeps_none_alive_that_ended_before_it()
    {
        var earlier = Ended();
        using var session = CacheSession.Begin();

        GC.Collect();

        Assert.False(earlier.TryGetTarget(out _));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference<CacheSession> Ended()
        {
            using var ended = CacheSession.Begin();
            return new(ended);
        }
    }

    [Fact]
    public async Task A_load_is_for_everybody_and_runs_outside_of_its_readers_session()
    {
        using var session = CacheSession.Begin();
        await _get("inner", default);
        _version = "v2";

        await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, async _ =>
        {
            Assert.Null(CacheSession.Current);
            Assert.Equal("inner of call 2", await _get("inner", default));
            using var own = CacheSession.Begin();
            Assert.Same(own, CacheSession.Current);
            return 1;
        });

        Assert.Same(session, CacheSession.Current);
    }

    private Func<string, CancellationToken, Task<string>> Asking(List<TaskCompletionSource<string?>> answers) => _cluster.Cache.Decorate(
        "simi", "get", (string id, CancellationToken _) => Task.FromResult($"{id} of call {++_calls}"),
        CacheStrategy.Versioned((_, _) =>
        {
            answers.Add(new());
            return new(answers[^1].Task);
        }));

    private Func<string, CancellationToken, Task<string>> Decorated(string method = "get", int? bound = null) => _cluster.Cache.Decorate(
        "simi", method, (string id, CancellationToken _) => Task.FromResult($"{id} of call {++_calls}"),
        CacheStrategy.Versioned((call, _) =>
        {
            _asked.Add(call.Argument<string>("id"));
            return new($"v of {call.Argument<string>("id")}: {_version}");
        }) with { SessionVersions = bound });

    private FakeEntry Entry(string id) => _cluster.EntryOf(_cluster.Cache.KeyOf("simi", "get", ("id", id)));
}
