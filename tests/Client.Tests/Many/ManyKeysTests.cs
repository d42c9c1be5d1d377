using System.Collections.Concurrent;
using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Many;

/// <summary>Reads, writes and loads of many keys, over scripted owners.</summary>
public class ManyKeysTests
{
    private static readonly CacheKey A = CacheKey.Of("r", "a");
    private static readonly CacheKey B = CacheKey.Of("r", "b");
    private static readonly CacheKey C = CacheKey.Of("r", "c");

    private readonly ConcurrentQueue<string> _calls = [];

    [Fact]
    public async Task One_call_of_the_factory_makes_all_that_is_missing()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).Value = FakeEntry.Json("20");

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([C, A, B, A], MakeAsync);

        Assert.Equal([3, 1, 20, 1], results.Select(static r => r.Result.Value));
        Assert.Equal([Outcome.Loaded, Outcome.Loaded, Outcome.Hit, Outcome.Loaded], results.Select(static r => r.Result.Outcome));
        Assert.Equal(["c a"], _calls);
        Assert.Single(cluster.EntryOf(A).Completions);
        Assert.Equal(0, cluster.Clock.ActiveTimers);
    }

    [Fact]
    public async Task A_key_that_the_factory_leaves_out_is_absent()
    {
        await using var cluster = new FakeCluster();

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, C], static (keys, _) => new(new Dictionary<CacheKey, int> { [A] = 1 }), new() { AbsentFor = TimeSpan.FromMinutes(1) });

        Assert.Equal([1, 0], results.Select(static r => r.Result.Value));
        Assert.Equal(LoadResultKind.Absent, cluster.EntryOf(C).Completions.Single().Kind);
        Assert.Equal(60_000, cluster.EntryOf(C).Completions.Single().Lifetime?.AbsentMilliseconds);
    }

    [Fact]
    public async Task A_key_that_another_process_loads_is_joined_and_holds_up_nobody()
    {
        await using var cluster = new FakeCluster();
        var loaded = new TaskCompletionSource<ReadReply>();
        cluster.EntryOf(B).OnRead = request => request.WaitMilliseconds == 0 ? new(new ReadReply { Status = ReadStatus.AskAgain }) : new(loaded.Task);

        var loading = cluster.Cache.GetOrCreateManyAsync<int>([A, B, C], MakeAsync).AsTask();
        await Eventually.TrueAsync(() => !cluster.EntryOf(A).Completions.IsEmpty && !cluster.EntryOf(C).Completions.IsEmpty);
        loaded.SetResult(FakeEntry.Hit("20") with { Status = ReadStatus.Joined });

        Assert.Equal([1, 20, 3], (await loading).Select(static r => r.Result.Value));
        Assert.Equal(["a c"], _calls);
    }

    [Fact]
    public async Task A_silo_that_is_slow_to_answer_holds_up_the_others_for_half_a_second()
    {
        await using var cluster = new FakeCluster();
        var late = new TaskCompletionSource<ReadReply>();
        cluster.EntryOf(B).OnRead = _ => new(late.Task);

        var loading = cluster.Cache.GetOrCreateManyAsync<int>([A, B, C], MakeAsync).AsTask();
        cluster.Clock.Advance(Gathering<int, int>.Patience - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_calls);
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(() => !cluster.EntryOf(C).Completions.IsEmpty);
        late.SetResult(cluster.EntryOf(B).Lease());
        await Eventually.TrueAsync(() => !cluster.EntryOf(B).Completions.IsEmpty);

        Assert.Equal([1, 2, 3], (await loading).Select(static r => r.Result.Value));
        Assert.Equal(["a c", "b"], _calls);
    }

    [Fact]
    public async Task Keys_that_fall_to_the_caller_later_are_made_by_one_call_too()
    {
        await using var cluster = new FakeCluster();
        foreach (var key in new[] { A, B, C })
            cluster.EntryOf(key).OnRead = request => new(request.WaitMilliseconds == 0 ? new ReadReply { Status = ReadStatus.AskAgain } : cluster.EntryOf(key).Lease());

        var results = await cluster.DriveAsync(cluster.Cache.GetOrCreateManyAsync<int>([A, B, C], MakeAsync), TimeSpan.FromMilliseconds(20));

        Assert.Equal([1, 2, 3], results.Select(static r => r.Result.Value));
        Assert.Equal(["a b c"], _calls);
    }

    [Fact]
    public async Task Callers_of_overlapping_lists_in_one_process_load_each_key_once()
    {
        await using var cluster = new FakeCluster();
        var go = new TaskCompletionSource();
        async ValueTask<IReadOnlyDictionary<CacheKey, int>> Make(IReadOnlyList<CacheKey> keys, CancellationToken ct)
        {
            await go.Task;
            return await MakeAsync(keys, ct);
        }

        var first = cluster.Cache.GetOrCreateManyAsync<int>([A, B], Make).AsTask();
        var second = cluster.Cache.GetOrCreateManyAsync<int>([B, C, A], Make).AsTask();
        go.SetResult();

        Assert.Equal([1, 2], (await first).Select(static r => r.Result.Value));
        Assert.Equal([2, 3, 1], (await second).Select(static r => r.Result.Value));
        Assert.Equal(["a b", "c"], _calls.Order());
    }

    [Fact]
    public async Task What_the_factory_throws_is_the_result_of_the_keys_it_was_called_for_and_of_no_other()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).Value = FakeEntry.Json("20");

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, B, C], static (_, _) => throw new InvalidOperationException("no origin"));

        Assert.Equal(20, results[1].Result.Value);
        Assert.Equal("no origin", Assert.Throws<InvalidOperationException>(() => results[0].Result).Message);
        Assert.IsType<InvalidOperationException>(results[2].Error);
        Assert.Equal(LoadResultKind.Failed, cluster.EntryOf(A).Completions.Single().Kind);
    }

    [Fact]
    public async Task One_permit_lets_the_one_call_for_all_go()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.GetOrCreateManyAsync<int>([A, B, C], MakeAsync, new() { Limiter = "partner" });

        Assert.Equal("partner", Assert.Single(cluster.Limiter.Asked).Name);
        Assert.All(new[] { A, B, C }, key => Assert.True(cluster.EntryOf(key).Reads.Single() is { Limiter: "partner", SharesPermit: true }));
    }

    [Fact]
    public async Task Without_a_permit_each_key_is_refused_and_no_call_is_made()
    {
        await using var cluster = new FakeCluster();
        cluster.Limiter.Answer = static () => new() { Status = PermitStatus.Refused, RetryAfterMilliseconds = 700 };

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, B], MakeAsync, new() { Limiter = "partner" });

        Assert.All(results, static r => Assert.Equal((Outcome.Refused, TimeSpan.FromMilliseconds(700)), (r.Result.Outcome, r.Result.RetryAfter)));
        Assert.Empty(_calls);
    }

    [Fact]
    public async Task Without_a_store_one_call_makes_all_for_its_caller_alone()
    {
        await using var cluster = new FakeCluster();
        foreach (var key in new[] { A, B })
            cluster.EntryOf(key).OnRead = static _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable } });

        var results = await cluster.DriveAsync(cluster.Cache.GetOrCreateManyAsync<int>([A, B], MakeAsync));

        Assert.Equal([1, 2], results.Select(static r => r.Result.Value));
        Assert.Equal(["a b"], _calls);
        Assert.Empty(cluster.EntryOf(A).Completions);
    }

    [Fact]
    public async Task A_strategy_retries_the_call_for_all_and_its_rules_judge_each_value()
    {
        await using var cluster = new FakeCluster();
        var strategy = (CacheStrategy.Ttl(TimeSpan.FromMinutes(1)) with { Retry = new() { MaxRetryAttempts = 1, Delay = TimeSpan.Zero } }).ShouldCache<int>(static value => value != 3).Filter<int>(static value => value * 10);
        var attempts = 0;

        var results = await cluster.DriveAsync(cluster.Cache.GetOrCreateManyAsync<int>([A, C], (keys, ct) => ++attempts == 1 ? throw new IOException() : MakeAsync(keys, ct), strategy.ShouldCache<int>(static value => value != 30)));

        Assert.Equal([10, 30], results.Select(static r => r.Result.Value));
        Assert.Equal((2, LoadResultKind.Value, LoadResultKind.DoNotStore), (attempts, cluster.EntryOf(A).Completions.Single().Kind, cluster.EntryOf(C).Completions.Single().Kind));
    }

    [Fact]
    public async Task Stale_values_are_answered_at_once_and_refreshed_by_one_call_behind_them()
    {
        await using var cluster = new FakeCluster();
        foreach (var key in new[] { A, B })
            cluster.EntryOf(key).OnRead = _ => new(FakeEntry.Hit("9") with { Status = ReadStatus.Stale, Ticket = cluster.EntryOf(key).Ticket() });

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, B, C], MakeAsync);

        Assert.Equal([9, 9, 3], results.Select(static r => r.Result.Value));
        await Eventually.TrueAsync(() => !cluster.EntryOf(B).Completions.IsEmpty && !cluster.EntryOf(A).Completions.IsEmpty);
        Assert.Equal(["a b", "c"], _calls.Select(static call => string.Join(' ', call.Split(' ').Order())).Order());
    }

    [Fact]
    public async Task A_call_behind_stale_values_begins_a_chain_of_its_own()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(A).OnRead = _ => new(FakeEntry.Hit("9") with { Status = ReadStatus.Stale, Ticket = cluster.EntryOf(A).Ticket() });

        await cluster.Cache.GetOrCreateAsync(B, async ct => (await cluster.Cache.GetOrCreateManyAsync<int>([A], async (keys, ct) =>
        {
            await cluster.Cache.GetAsync<int>(C, ct);
            return await MakeAsync(keys, ct);
        }, ct: ct)).Count);

        await Eventually.TrueAsync(() => !cluster.EntryOf(A).Completions.IsEmpty);
        Assert.Equal([RoutingHash.Of(A.GrainKey)], cluster.EntryOf(C).Reads.Single().LoadChain);
    }

    [Fact]
    public async Task A_call_behind_stale_values_takes_its_permit_in_the_background_on_the_terms_of_its_lease()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(A).OnRead = _ => new(FakeEntry.Hit("9") with { Status = ReadStatus.Stale, Ticket = cluster.EntryOf(A).Ticket() with { PermitWaitMilliseconds = 700 } });

        await cluster.Cache.GetOrCreateManyAsync<int>([A], MakeAsync, new() { Limiter = "partner" });

        await Eventually.TrueAsync(() => !cluster.EntryOf(A).Completions.IsEmpty);
        Assert.True(Assert.Single(cluster.Limiter.Asked).Request is { Background: true, WaitMilliseconds: 700 });
    }

    [Fact]
    public async Task A_stale_value_that_somebody_else_refreshes_holds_up_nobody()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).OnRead = static _ => new(FakeEntry.Hit("9") with { Status = ReadStatus.Stale });

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, B], MakeAsync).AsTask().WaitAsync(Eventually.Deadline);

        Assert.Equal([1, 9], results.Select(static r => r.Result.Value));
    }

    [Fact]
    public async Task A_refresh_whose_permit_has_lapsed_is_given_back_and_holds_up_nobody()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).OnRead = _ =>
        {
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(20));
            return new(FakeEntry.Hit("9") with { Status = ReadStatus.Stale, Ticket = cluster.EntryOf(B).Ticket() with { PermitMilliseconds = 10 } });
        };

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, B], MakeAsync).AsTask().WaitAsync(Eventually.Deadline);

        Assert.Equal([1, 9], results.Select(static r => r.Result.Value));
        await Eventually.TrueAsync(() => cluster.EntryOf(B).Completions.SingleOrDefault() is { Kind: LoadResultKind.Failed });
        Assert.Equal(["a"], _calls);
    }

    [Fact]
    public async Task A_factory_for_many_that_asks_for_one_of_them_runs_unshared_instead_of_waiting_for_itself()
    {
        await using var cluster = new FakeCluster();

        var results = await cluster.Cache.GetOrCreateManyAsync<int>([A, B], async (keys, ct) =>
        {
            var inner = await cluster.Cache.GetOrCreateAsync(B, static _ => new ValueTask<int>(40), ct: ct);
            return keys.ToDictionary(static key => key, _ => inner.Value);
        }).AsTask().WaitAsync(Eventually.Deadline);

        Assert.Equal([40, 40], results.Select(static r => r.Result.Value));
    }

    [Fact]
    public async Task A_load_that_a_factory_for_many_waits_for_does_not_wait_for_one_of_them()
    {
        await using var cluster = new FakeCluster();
        var open = new TaskCompletionSource();
        var single = cluster.Cache.GetOrCreateAsync(C, async _ =>
        {
            await open.Task;
            return (await cluster.Cache.GetOrCreateAsync(B, static _ => new ValueTask<int>(40))).Value;
        }).AsTask();
        var many = cluster.Cache.GetOrCreateManyAsync<int>([A, B], async (keys, _) =>
        {
            var waited = await cluster.Cache.GetOrCreateAsync<int>(C, static _ => throw new InvalidOperationException("ran"));
            return keys.ToDictionary(static key => key, _ => waited.Value);
        }).AsTask();
        await Eventually.TrueAsync(() => cluster.Flights.Waiting(C.GrainKey) == 2);

        open.SetResult();

        Assert.Equal(40, (await single.WaitAsync(Eventually.Deadline)).Value);
        Assert.Equal([40, 40], (await many.WaitAsync(Eventually.Deadline)).Select(static r => r.Result.Value));
    }

    [Fact]
    public async Task What_the_factory_says_of_its_results_is_said_of_each()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.GetOrCreateManyAsync<int>([A, B], (keys, ct) =>
        {
            LoadContext.Current!.FreshFor = TimeSpan.FromSeconds(5);
            LoadContext.Current.AddTags("all");
            return MakeAsync(keys, ct);
        });

        Assert.All(new[] { A, B }, key => Assert.True(cluster.EntryOf(key).Completions.Single().Lifetime is { FreshMilliseconds: 5_000, Tags: ["all"] }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_more_than_64_calls_are_under_way_at_a_time(bool loads)
    {
        await using var cluster = new FakeCluster();
        var keys = Enumerable.Range(0, 200).Select(static i => CacheKey.Of("r", $"{i}")).ToArray();
        var calls = new HeldCalls();
        foreach (var entry in keys.Select(cluster.EntryOf))
        {
            entry.OnRead = request => calls.HoldAsync(() => entry.Usual(request));
            entry.OnComplete = completion => calls.HoldAsync(() => entry.Complete(completion));
        }

        Task all = loads ? cluster.Cache.GetOrCreateManyAsync<int>(keys, MakeAsync).AsTask() : cluster.Cache.GetManyAsync<int>(keys).AsTask();

        Assert.InRange(await calls.MostUntilAsync(all), 2, (long)Concurrently.Degree);
        Assert.Equal(loads ? 200 : 0, keys.Count(key => cluster.EntryOf(key).Value is not null));
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    public async Task A_call_that_was_cancelled_ends_its_key_and_a_callers_own_token_ends_all(bool isCancelled, bool leaves, bool endsAll)
    {
        await using var cluster = new FakeCluster();
        using var leaving = new CancellationTokenSource();
        cluster.EntryOf(A).OnRead = _ =>
        {
            if (leaves)
                Leave();
            throw isCancelled ? new OperationCanceledException() : new InvalidOperationException();
        };

        var reading = cluster.Cache.GetManyAsync<int>([A], leaving.Token).AsTask();

        if (endsAll)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        else
            Assert.Equal(isCancelled, (await reading).Single().Error is OperationCanceledException);

        void Leave() => leaving.Cancel();
    }

    [Fact]
    public async Task Many_reads_and_writes_have_a_result_for_each_key_and_a_failure_is_its_own()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).OnWrite = static _ => new(new WriteReply { Status = WriteStatus.TooLarge });

        var written = await cluster.Cache.SetManyAsync(new Dictionary<CacheKey, int> { [A] = 1, [B] = 2, [C] = 3 });
        var read = await cluster.Cache.GetManyAsync<int>([C, B, A, C]);

        Assert.Equal([true, false, true], written.Select(static w => w.Error is null && w.Result.Accepted));
        Assert.IsType<ArgumentException>(written[1].Error);
        Assert.Equal([3, 0, 1, 3], read.Select(static r => r.Result.Value));
        Assert.Equal([C, B, A, C], read.Select(static r => r.Key));
        Assert.Single(cluster.EntryOf(C).Reads);
    }

    private ValueTask<IReadOnlyDictionary<CacheKey, int>> MakeAsync(IReadOnlyList<CacheKey> keys, CancellationToken ct)
    {
        _calls.Enqueue(string.Join(' ', keys.Select(static key => key.Key)));
        return new(keys.ToDictionary(static key => key, static key => key.Key[0] - 'a' + 1));
    }
}
