using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Loads;

public class LoadChainTests
{
    private static readonly CacheKey A = CacheKey.Of("r", "a");
    private static readonly CacheKey B = CacheKey.Of("r", "b");
    private static readonly CacheKey C = CacheKey.Of("r", "c");

    [Fact]
    public async Task The_keys_that_are_being_loaded_travel_with_each_read()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.GetOrCreateAsync(A, async ct => (await cluster.Cache.GetOrCreateAsync(B, async ct => (await cluster.Cache.GetAsync<int>(C, ct)).Version, ct: ct)).Value);

        Assert.True(cluster.EntryOf(A).Reads.Single().LoadChain.IsDefault);
        Assert.Equal([RoutingHash.Of(A.GrainKey)], cluster.EntryOf(B).Reads.Single().LoadChain);
        Assert.Equal([RoutingHash.Of(A.GrainKey), RoutingHash.Of(B.GrainKey)], cluster.EntryOf(C).Reads.Single().LoadChain);
        Assert.Null(LoadScope.Current);
    }

    [Fact]
    public async Task A_circle_runs_unshared()
    {
        await using var cluster = new FakeCluster();
        var runs = 0;

        ValueTask<CacheResult<int>> LoadA() => cluster.Cache.GetOrCreateAsync(A, async _ => ++runs == 2 ? 7 : (await LoadB()).Value);
        ValueTask<CacheResult<int>> LoadB() => cluster.Cache.GetOrCreateAsync(B, async _ => (await LoadA()).Value);
        var result = await LoadA().AsTask().WaitAsync(Eventually.Deadline);

        Assert.Equal((7, 2), (result.Value, runs));
        Assert.Equal(LoadMode.None, cluster.EntryOf(A).Reads.Last().Load);
    }

    [Fact]
    public async Task Who_would_wait_for_itself_by_way_of_another_load_is_not_one_of_those_who_wait()
    {
        await using var cluster = new FakeCluster();
        var (entered, open) = (new TaskCompletionSource(), new TaskCompletionSource());
        var waitForA = 0;
        var loadB = cluster.Cache.GetOrCreateAsync(B, async _ =>
        {
            entered.SetResult();
            await open.Task;
            await cluster.Cache.GetOrCreateAsync(A, static _ => new ValueTask<int>(5));
            waitForA = cluster.Flights.Waiting(A.GrainKey);
            return 1;
        }).AsTask();
        await entered.Task;
        var loadA = cluster.Cache.GetOrCreateAsync(A, async _ => (await cluster.Cache.GetOrCreateAsync(B, static _ => new ValueTask<int>(-1))).Value).AsTask();
        await Eventually.TrueAsync(() => cluster.Flights.Waiting(B.GrainKey) == 2);

        open.SetResult();

        Assert.Equal(1, (await loadB.WaitAsync(Eventually.Deadline)).Value);
        Assert.Equal(1, (await loadA.WaitAsync(Eventually.Deadline)).Value);
        Assert.Equal(1, waitForA);
    }

    [Fact]
    public async Task A_circle_that_has_a_value_reads_it()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(A).OnRead = r => new(r.Load is LoadMode.None ? FakeEntry.Hit("3") : cluster.EntryOf(A).Lease());

        var result = await cluster.Cache.GetOrCreateAsync(A, async _ => (await cluster.Cache.GetOrCreateAsync<int>(A, _ => throw new InvalidOperationException("ran"))).Value + 1);

        Assert.Equal(4, result.Value);
    }

    [Fact]
    public async Task A_circle_without_an_end_is_an_error_that_says_so()
    {
        await using var cluster = new FakeCluster();

        ValueTask<CacheResult<int>> Load() => cluster.Cache.GetOrCreateAsync(A, async _ => (await Load()).Value);
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => Load().AsTask().WaitAsync(Eventually.Deadline));

        Assert.Contains("circle", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_ends_the_wait_for_a_load_in_a_circle()
    {
        await using var cluster = new FakeCluster();
        using var leaving = new CancellationTokenSource();
        var (entered, open) = (new TaskCompletionSource(), new TaskCompletionSource<int>());

        var outer = cluster.Cache.GetOrCreateAsync(A, async _ =>
        {
            var inner = cluster.Cache.GetOrCreateAsync(A, async _ => { entered.SetResult(); return await open.Task; }, ct: leaving.Token).AsTask();
            await entered.Task;
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => inner.WaitAsync(Eventually.Deadline));
            return 1;
        }).AsTask();

        Assert.Equal(1, (await outer).Value);
        open.SetResult(0);
    }

    [Theory]
    [InlineData(OnMiss.Refuse, Outcome.Refused, 1)]
    [InlineData(OnMiss.Bypass, Outcome.Loaded, 2)]
    public async Task A_load_in_a_circle_takes_a_permit_as_any_other_and_does_without_one_as_OnMiss_says(OnMiss onMiss, Outcome outcome, int runs)
    {
        await using var cluster = new FakeCluster();
        cluster.Limiter.Description = new() { OnMiss = onMiss, MaxWaitMilliseconds = 2_000 };
        var (limited, ran) = (new EntryOptions { Limiter = "partner" }, 0);
        ValueTask<CacheResult<int>> CircleAsync() => cluster.Cache.GetOrCreateAsync(A, async _ =>
        {
            ran++;
            return (int)(await cluster.Cache.GetOrCreateAsync(A, _ => new ValueTask<int>(++ran), limited)).Outcome;
        }, limited);

        Assert.Equal((int)Outcome.Loaded, (await CircleAsync()).Value);
        Assert.Equal(("partner", 0), Assert.Single(cluster.Limiter.Asked) is var asked ? (asked.Name, asked.Request.WaitMilliseconds) : default);
        Assert.Equal(2, ran);

        (ran, cluster.EntryOf(A).Value, cluster.Limiter.Answer) = (0, null, static () => new() { Status = PermitStatus.Refused, RetryAfterMilliseconds = 700 });
        Assert.Equal((int)outcome, (await CircleAsync()).Value);
        Assert.Equal(runs, ran);
    }

    [Fact]
    public async Task A_load_in_a_circle_waits_for_its_permit_as_long_as_the_limiter_is_configured()
    {
        await using var cluster = new FakeCluster();
        cluster.Limiter.Description = new() { OnMiss = OnMiss.Wait, MaxWaitMilliseconds = 2_000 };

        await cluster.Cache.GetOrCreateAsync(A, async _ => (await cluster.Cache.GetOrCreateAsync(A, _ => new ValueTask<int>(1), new() { Limiter = "partner" })).Value);

        Assert.Equal(2_000, Assert.Single(cluster.Limiter.Asked).Request.WaitMilliseconds);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_factories_that_need_each_others_keys_do_not_wait_for_each_other(bool hasStore)
    {
        await using var cluster = new FakeCluster();
        foreach (var entry in hasStore ? [] : new[] { cluster.EntryOf(A), cluster.EntryOf(B) })
            entry.OnRead = static _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable } });
        var both = new TaskCompletionSource();
        var running = 0;
        async Task MeetAsync()
        {
            if (Interlocked.Increment(ref running) == 2)
                both.SetResult();
            await both.Task;
        }

        var a = cluster.Cache.GetOrCreateAsync(A, async _ => { await MeetAsync(); return (await cluster.Cache.GetOrCreateAsync(B, _ => new ValueTask<int>(20))).Value; }).AsTask();
        var b = cluster.Cache.GetOrCreateAsync(B, async _ => { await MeetAsync(); return (await cluster.Cache.GetOrCreateAsync(A, _ => new ValueTask<int>(10))).Value; }).AsTask();

        var results = await Task.WhenAll(a, b).WaitAsync(Eventually.Deadline);
        Assert.All(results, r => Assert.Contains(r.Value, new[] { 10, 20 }));
    }

    [Fact]
    public async Task A_load_that_runs_unshared_is_waited_for_by_none_that_it_waits_for()
    {
        await using var cluster = new FakeCluster();
        var open = new TaskCompletionSource();
        var loadA = cluster.Cache.GetOrCreateAsync(A, async _ =>
        {
            await open.Task;
            return (await cluster.Cache.GetOrCreateAsync(B, static _ => new ValueTask<int>(20))).Value;
        }).AsTask();

        var loadB = cluster.Cache.GetOrCreateAsync(B, async _ => (await cluster.Cache.GetOrCreateAsync(B, async _ => (await cluster.Cache.GetOrCreateAsync(A, static _ => new ValueTask<int>(10))).Value)).Value).AsTask();
        await Eventually.TrueAsync(() => cluster.Flights.Waiting(A.GrainKey) == 2);
        open.SetResult();

        Assert.Equal((20, 20), ((await loadA.WaitAsync(Eventually.Deadline)).Value, (await loadB.WaitAsync(Eventually.Deadline)).Value));
    }

    [Fact]
    public async Task A_longer_ring_of_factories_does_not_wait_for_itself_either()
    {
        await using var cluster = new FakeCluster();
        CacheKey[] keys = [A, B, C];
        var all = new TaskCompletionSource();
        var running = 0;
        var loads = keys.Select((key, i) => cluster.Cache.GetOrCreateAsync(key, async _ =>
        {
            if (Interlocked.Increment(ref running) == keys.Length)
                all.SetResult();
            await all.Task;
            return (await cluster.Cache.GetOrCreateAsync(keys[(i + 1) % keys.Length], _ => new ValueTask<int>(1))).Value;
        }).AsTask());

        Assert.All(await Task.WhenAll(loads).WaitAsync(Eventually.Deadline), r => Assert.Equal(1, r.Value));
    }

    [Fact]
    public async Task A_factory_that_gave_up_its_wait_for_another_may_be_waited_for_by_that_one()
    {
        await using var cluster = new FakeCluster();
        var (left, open) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource<int>());
        using var leaving = new CancellationTokenSource();
        var unshared = 0;
        var second = cluster.Cache.GetOrCreateAsync(B, async _ =>
        {
            await left.Task;
            return (await cluster.Cache.GetOrCreateAsync(A, _ => new ValueTask<int>(--unshared))).Value + 1;
        }).AsTask();
        var first = cluster.Cache.GetOrCreateAsync(A, async _ =>
        {
            var wait = cluster.Cache.GetOrCreateAsync(B, _ => new ValueTask<int>(--unshared), ct: leaving.Token).AsTask();
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
            left.SetResult();
            return await open.Task;
        }).AsTask();

        await Eventually.TrueAsync(() => cluster.Flights.Waiting(A.GrainKey) == 2 || second.IsCompleted);
        open.SetResult(1);

        Assert.Equal((1, 2, 0), ((await first).Value, (await second).Value, unshared));
    }

    [Fact]
    public async Task A_factory_waits_no_longer_than_the_call_timeout_for_a_load_elsewhere()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).OnRead = r => new(r.Load is LoadMode.None ? default : new ReadReply { Status = ReadStatus.AskAgain });

        var result = await cluster.DriveAsync(cluster.Cache.GetOrCreateAsync(A, async _ => (await cluster.Cache.GetOrCreateAsync(B, _ => new ValueTask<int>(5))).Value));

        Assert.Equal(5, result.Value);
        Assert.Empty(cluster.EntryOf(B).Completions);
    }

    [Fact]
    public async Task A_refresh_that_reads_its_own_key_asks_only_for_what_is_there()
    {
        await using var cluster = new FakeCluster();
        var entry = cluster.EntryOf(A);
        entry.OnRead = r => new(FakeEntry.Hit("1") with { Status = ReadStatus.Stale, Ticket = r.Load is LoadMode.Leased ? entry.Ticket() : null });

        await cluster.Cache.GetOrCreateAsync(A, async _ => (await cluster.Cache.GetOrCreateAsync(A, _ => new ValueTask<int>(-1))).Value + 1);

        await Eventually.TrueAsync(() => !entry.Completions.IsEmpty);
        Assert.Equal("2"u8.ToArray(), entry.Completions.First().Bytes);
        Assert.Equal([LoadMode.Leased, LoadMode.None], entry.Reads.Select(r => r.Load));
    }

    [Fact]
    public async Task A_refresh_behind_a_stale_value_begins_a_chain_of_its_own()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(B).OnRead = _ => new(FakeEntry.Hit("1") with { Status = ReadStatus.Stale, Ticket = cluster.EntryOf(B).Ticket() });

        await cluster.Cache.GetOrCreateAsync(A, async _ => (await cluster.Cache.GetOrCreateAsync(B, async _ => (await cluster.Cache.GetAsync<int>(C)).Value)).Value);

        await Eventually.TrueAsync(() => !cluster.EntryOf(B).Completions.IsEmpty);
        Assert.Equal([RoutingHash.Of(B.GrainKey)], cluster.EntryOf(C).Reads.Single().LoadChain);
    }
}
