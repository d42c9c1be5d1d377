using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Many;

/// <summary>Calls of a method for many keys, over scripted owners and a scripted origin.</summary>
public class BatchedCallsTests
{
    [Fact]
    public async Task One_call_of_the_integration_loads_all_that_is_missing()
    {
        await using var cluster = Cluster(most: 50);
        cluster.EntryOf(KeyOf("DE")).Value = FakeEntry.Json("here");

        var results = await CallAsync(cluster, "NL", "DE", "FR", "NL");

        Assert.Equal(["NL", "here", "FR", "NL"], results.Select(static r => r.Result.Value));
        Assert.Equal([Outcome.Loaded, Outcome.Hit, Outcome.Loaded, Outcome.Loaded], results.Select(static r => r.Result.Outcome));
        Assert.Equal(["NL FR"], cluster.Batches.Calls);
        Assert.Equal(KeyOf("FR"), results[2].Key);
    }

    [Fact]
    public async Task A_call_is_for_no_more_keys_than_the_method_says_and_for_one_value_of_the_other_arguments()
    {
        await using var cluster = Cluster(most: 2);

        var results = await cluster.Cache.CallManyAsync<string>("partner", "country", [Args("NL"), Args("DE"), Args("FR", "en"), Args("BE"), Args("ES", "en")]);

        Assert.Equal(["NL", "DE", "FR", "BE", "ES"], results.Select(static r => r.Result.Value));
        Assert.Equal(["BE", "FR ES", "NL DE"], cluster.Batches.Calls.Order());
    }

    [Fact]
    public async Task A_value_with_the_separator_in_it_an_empty_one_and_a_method_for_one_key_are_called_alone()
    {
        await using var cluster = Cluster(most: 50);
        foreach (var code in new[] { "a,b", "" })
            cluster.EntryOf(KeyOf(code)).OnRead = static request => new(request.Load is LoadMode.Declared ? FakeEntry.Hit("alone") : default);
        await using var single = Cluster(most: 0);
        foreach (var code in new[] { "NL", "DE" })
            single.EntryOf(KeyOf(code)).OnRead = static request => new(request.Load is LoadMode.Declared ? FakeEntry.Hit("alone") : default);

        Assert.Equal(["NL", "alone", "DE", "alone"], (await CallAsync(cluster, "NL", "a,b", "DE", "")).Select(static r => r.Result.Value));
        Assert.Equal(["alone", "alone"], (await CallAsync(single, "NL", "DE")).Select(static r => r.Result.Value));

        Assert.Equal(["NL DE"], cluster.Batches.Calls);
        Assert.Empty(single.Batches.Calls);
    }

    [Fact]
    public async Task One_key_is_called_alone()
    {
        await using var cluster = Cluster(most: 50);
        cluster.EntryOf(KeyOf("NL")).OnRead = static request => new(request.Load is LoadMode.Declared ? FakeEntry.Hit("alone") : default);

        Assert.Equal(["alone", "alone"], (await CallAsync(cluster, "NL", "NL")).Select(static r => r.Result.Value));
        Assert.Empty(cluster.Batches.Calls);
    }

    [Fact]
    public async Task A_method_that_takes_whole_argument_sets_is_called_for_all_that_there_are()
    {
        await using var cluster = Cluster(most: 50, varies: null);

        await cluster.Cache.CallManyAsync<string>("partner", "country", [Args("NL"), Args("a,b"), Args("FR", "en")]);

        Assert.Equal(["NL a,b FR"], cluster.Batches.Calls);
    }

    [Fact]
    public async Task Calls_that_a_newer_configuration_knows_are_asked_for_once_more()
    {
        await using var cluster = Cluster(most: 50);
        await CallAsync(cluster, "NL", "DE");
        var partner = cluster.Catalog.Known["partner"];
        cluster.Catalog.Known["partner"] = partner with { Methods = [partner.Methods[0] with { Name = "land" }] };

        var results = await cluster.Cache.CallManyAsync<string>("partner", "land", [Args("FR"), Args("ES")]);

        Assert.Equal(["FR", "ES"], results.Select(static r => r.Result.Value));
        Assert.Equal(2, cluster.Catalog.Asked);
    }

    [Fact]
    public async Task Calls_of_a_method_with_a_version_are_of_their_session_and_no_other_shares_them()
    {
        await using var cluster = new FakeCluster();
        var key = CacheKey.For("shop:1.0:partner:report", ("id", "7"));
        var open = new TaskCompletionSource();
        cluster.EntryOf(key).OnRead = async _ =>
        {
            await open.Task;
            return FakeEntry.Hit("7");
        };
        cluster.EntryOf(KeyOf("NL")).OnRead = static _ => new(FakeEntry.Hit("NL"));

        Task[] calls = [CallAsync("one"), CallAsync("two"), CallAsync("two"), CallAsync(null)];
        await Eventually.TrueAsync(() => cluster.EntryOf(key).Reads.Count == 3);
        open.SetResult();
        await Task.WhenAll(calls).WaitAsync(Eventually.Deadline);
        using (CacheSession.Begin("one"))
            await cluster.Cache.CallManyAsync<string>("partner", "country", [Args("NL")]);

        Assert.Equal([null, "one", "two"], cluster.EntryOf(key).Reads.Select(static read => read.Session).Order());
        Assert.Null(Assert.Single(cluster.EntryOf(KeyOf("NL")).Reads).Session);

        async Task CallAsync(string? session)
        {
            using var _ = session is null ? null : CacheSession.Begin(session);
            await cluster.Cache.CallManyAsync<string>("partner", "report", [new Dictionary<string, string?> { ["id"] = "7" }]);
        }
    }

    [Fact]
    public async Task A_key_that_somebody_else_loads_is_joined_and_not_called_for()
    {
        await using var cluster = Cluster(most: 50);
        cluster.EntryOf(KeyOf("DE")).OnRead = static request => new(request.WaitMilliseconds == 0 ? new() { Status = ReadStatus.AskAgain } : FakeEntry.Hit("theirs") with { Status = ReadStatus.Joined });

        var results = await CallAsync(cluster, "NL", "DE");

        Assert.Equal(["NL", "theirs"], results.Select(static r => r.Result.Value));
        Assert.Equal(["NL"], cluster.Batches.Calls);
    }

    [Fact]
    public async Task A_key_that_somebody_else_loads_holds_up_nobody_and_who_reads_after_it_joins_no_older_read()
    {
        await using var cluster = Cluster(most: 50);
        var (old, loaded) = (new TaskCompletionSource<ReadReply>(), new TaskCompletionSource<ReadReply>());
        var entry = cluster.EntryOf(KeyOf("DE"));
        entry.OnRead = request => request.Load is LoadMode.None ? new(old.Task) : request.WaitMilliseconds == 0 ? new(new ReadReply { Status = ReadStatus.AskAgain }) : new(loaded.Task);
        var before = cluster.Cache.GetAsync<string>(KeyOf("DE")).AsTask();

        var calls = CallAsync(cluster, "NL", "DE").AsTask();
        await Eventually.TrueAsync(() => !cluster.EntryOf(KeyOf("NL")).Completions.IsEmpty);
        loaded.SetResult(FakeEntry.Hit("theirs") with { Status = ReadStatus.Joined });
        await calls;
        entry.OnRead = static _ => new(FakeEntry.Hit("new"));

        Assert.Equal("new", (await cluster.Cache.GetAsync<string>(KeyOf("DE")).AsTask().WaitAsync(Eventually.Deadline)).Value);
        old.SetResult(FakeEntry.Hit("old"));
        Assert.Equal("old", (await before).Value);
    }

    [Fact]
    public async Task A_silo_that_is_slow_to_answer_is_waited_for_for_half_a_second()
    {
        await using var cluster = Cluster(most: 50);
        var late = new TaskCompletionSource<ReadReply>();
        cluster.EntryOf(KeyOf("DE")).OnRead = _ => new(late.Task);

        var calls = CallAsync(cluster, "NL", "DE", "FR").AsTask();
        cluster.Clock.Advance(Gathering<int, int>.Patience - TimeSpan.FromMilliseconds(1));
        Assert.Empty(cluster.Batches.Calls);
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(() => !cluster.EntryOf(KeyOf("FR")).Completions.IsEmpty);
        late.SetResult(FakeEntry.Hit("late"));

        Assert.Equal(["NL", "late", "FR"], (await calls).Select(static r => r.Result.Value));
        Assert.Equal(["NL FR"], cluster.Batches.Calls);
    }

    [Fact]
    public async Task Nobody_joins_a_call_whose_result_is_on_its_way_nor_later_a_read_from_before_it_was_done()
    {
        await using var cluster = Cluster(most: 50);
        var (done, old) = (new TaskCompletionSource<LoadReply>(), new TaskCompletionSource<ReadReply>());
        var entry = cluster.EntryOf(KeyOf("NL"));
        entry.OnComplete = _ => new(done.Task);
        var first = CallAsync(cluster, "NL", "DE").AsTask();
        await Eventually.TrueAsync(() => !entry.Completions.IsEmpty);
        entry.OnRead = request => request.Load is LoadMode.None ? new(old.Task) : new(FakeEntry.Hit("newer"));

        Assert.Equal("newer", (await CallAsync(cluster, "NL", "DE").AsTask().WaitAsync(Eventually.Deadline))[0].Result.Value);
        var between = cluster.Cache.GetAsync<string>(KeyOf("NL")).AsTask();
        done.SetResult(new() { Stored = true, Value = FakeEntry.Json("NL") });
        Assert.Equal("NL", (await first)[0].Result.Value);
        entry.OnRead = static _ => new(FakeEntry.Hit("now"));

        Assert.Equal("now", (await cluster.Cache.GetAsync<string>(KeyOf("NL")).AsTask().WaitAsync(Eventually.Deadline)).Value);
        old.SetResult(FakeEntry.Hit("old"));
        Assert.Equal("old", (await between).Value);
    }

    [Fact]
    public async Task No_more_than_64_calls_to_owners_are_under_way_at_a_time()
    {
        await using var cluster = Cluster(most: 200);
        var codes = Enumerable.Range(0, 200).Select(static i => $"{i}").ToArray();
        var calls = new HeldCalls();
        foreach (var entry in codes.Select(code => cluster.EntryOf(KeyOf(code))))
        {
            entry.OnRead = request => calls.HoldAsync(() => entry.Usual(request));
            entry.OnComplete = completion => calls.HoldAsync(() => entry.Complete(completion));
        }

        var all = CallAsync(cluster, codes).AsTask();

        Assert.InRange(await calls.MostUntilAsync(all), 2, (long)Concurrently.Degree);
        Assert.Equal(codes, (await all).Select(static r => r.Result.Value));
    }

    [Fact]
    public async Task Failures_absence_and_wrong_calls_are_their_keys_own()
    {
        await using var cluster = Cluster(most: 50);
        var usual = cluster.Batches.Answer;
        cluster.Batches.Answer = code => code switch
        {
            "XX" => new() { Kind = LoadResultKind.Absent },
            "YY" or "ZZ" => new() { Problem = new() { Kind = ProblemKind.OriginFailed, Detail = "origin-503", Message = "down" } },
            _ => usual(code),
        };
        cluster.EntryOf(KeyOf("XX")).OnComplete = static _ => new(new LoadReply { Detail = "absent" });
        cluster.EntryOf(KeyOf("ZZ")).OnComplete = static _ => new(new LoadReply { Value = FakeEntry.Json("old"), StaleMilliseconds = 1000 });

        var results = await cluster.Cache.CallManyAsync<string>("partner", "country", [Args("NL"), Args("XX"), Args("YY"), Args("ZZ"), new Dictionary<string, string?> { ["cod"] = "NL" }]);

        Assert.Equal(("NL", Outcome.Miss), (results[0].Result.Value, results[1].Result.Outcome));
        Assert.Equal("down", Assert.IsType<IntegrationException>(results[2].Error).Problem.Message);
        Assert.Equal(("old", Outcome.Stale), (results[3].Result.Value, results[3].Result.Outcome));
        Assert.IsType<ArgumentException>(results[4].Error);
        Assert.All(new[] { "NL", "XX", "YY", "ZZ" }, code => Assert.Equal(1, cluster.EntryOf(KeyOf(code)).Completions.Single().Ticket!.Number));
    }

    [Fact]
    public async Task A_call_that_runs_is_asked_for_again_and_keeps_its_leases()
    {
        await using var cluster = Cluster(most: 50);
        var (slice, asked) = (new TaskCompletionSource<bool>(), 0);
        cluster.Batches.IsDone = () => ++asked == 1 ? new(slice.Task) : new(true);
        var calls = CallAsync(cluster, "NL", "DE").AsTask();

        for (var i = 0; i < 3; i++)
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((3, 3), (cluster.EntryOf(KeyOf("NL")).Renewals.Count, cluster.EntryOf(KeyOf("DE")).Renewals.Count));
        slice.SetResult(false);

        Assert.Equal(["NL", "DE"], (await calls).Select(static r => r.Result.Value));
        Assert.Equal([2000, 2000], cluster.Batches.Requests.Select(static request => request.WaitMilliseconds));
        Assert.Equal(0, cluster.Clock.ActiveTimers);
    }

    [Fact]
    public async Task A_call_that_no_silo_makes_fails_its_keys_and_gives_their_leases_back()
    {
        await using var cluster = Cluster(most: 50);
        cluster.Batches.IsDone = static () => throw new TimeoutException("silence");

        var results = await cluster.DriveAsync(CallAsync(cluster, "NL", "DE"));

        Assert.All(results, static r => Assert.IsType<CacheUnavailableException>(r.Error));
        Assert.Equal(("unreachable", "unreachable"), (cluster.EntryOf(KeyOf("NL")).Completions.Single().Problem!.Detail, cluster.EntryOf(KeyOf("DE")).Completions.Single().Problem!.Detail));
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_is_not_called_for_nor_asked_for()
    {
        await using var cluster = Cluster(most: 50);
        var late = new TaskCompletionSource<ReadReply>();
        cluster.EntryOf(KeyOf("NL")).OnRead = _ => new(late.Task);
        cluster.EntryOf(KeyOf("DE")).OnRead = static _ => new(new ReadReply { Status = ReadStatus.AskAgain });
        using var leaving = new CancellationTokenSource();
        var calls = cluster.Cache.CallManyAsync<string>("partner", "country", [Args("NL"), Args("DE")], leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls);

        late.SetResult(cluster.EntryOf(KeyOf("NL")).Lease());
        await Eventually.TrueAsync(() =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return cluster.Flights.Count == 0;
        });

        Assert.Equal((LoadResultKind.Failed, null), (cluster.EntryOf(KeyOf("NL")).Completions.Single().Kind, cluster.EntryOf(KeyOf("NL")).Completions.Single().Problem));
        Assert.Empty(cluster.Batches.Calls);
    }

    [Fact]
    public async Task Who_calls_and_for_which_load_goes_along()
    {
        await using var cluster = Cluster(most: 50);

        await cluster.Cache.GetOrCreateAsync(FakeCluster.Key, async ct => (await cluster.Raw.CallManyAsync("partner", "country", [Args("NL"), Args("DE")], new("t1"), ct)).Length);

        var read = cluster.EntryOf(KeyOf("NL")).Reads.Single();
        Assert.Equal(("t1", "t1"), (read.Caller!.Value, cluster.Batches.Requests.Single().Caller!.Value));
        Assert.Equal([RoutingHash.Of(FakeCluster.Key.GrainKey)], read.LoadChain);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_is_its_callers_also_where_it_is_not_kept_and_an_absence_only_where_it_is(bool isKept)
    {
        await using var cluster = Cluster(most: 50);
        cluster.Batches.Answer = static code => new() { Kind = code == "XX" ? LoadResultKind.Absent : LoadResultKind.Value, Bytes = [1] };
        foreach (var entry in new[] { "NL", "XX" }.Select(code => cluster.EntryOf(KeyOf(code))))
            entry.OnComplete = completion => new(isKept ? entry.Complete(completion) : default);

        var replies = await cluster.Raw.CallManyAsync("partner", "country", [Args("NL"), Args("XX")]);

        Assert.Equal(
            [(ReadStatus.Loaded, false), (isKept ? ReadStatus.Loaded : ReadStatus.Failed, isKept ? true : null)],
            replies.Select(static reply => (reply.Result.Status, reply.Result.Value?.IsAbsent)));
    }

    private static CacheKey KeyOf(string code) => CacheKey.For("shop:1.0:partner:country", ("code", code));

    private static Dictionary<string, string?> Args(string code, string? language = null)
    {
        var args = new Dictionary<string, string?> { ["code"] = code };
        if (language is not null)
            args["lang"] = language;
        return args;
    }

    private static ValueTask<IReadOnlyList<KeyResult<CacheResult<string>>>> CallAsync(FakeCluster cluster, params string[] codes) =>
        cluster.Cache.CallManyAsync<string>("partner", "country", [.. codes.Select(static code => Args(code))]);

    private static FakeCluster Cluster(int most, string? varies = "code")
    {
        var cluster = new FakeCluster();
        var partner = cluster.Catalog.Known["partner"];
        cluster.Catalog.Known["partner"] = partner with { Methods = [partner.Methods[0] with { Most = most, Varies = varies, Separator = "," }] };
        return cluster;
    }
}
