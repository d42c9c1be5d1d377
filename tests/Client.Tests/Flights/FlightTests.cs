using Microsoft.Extensions.DependencyInjection;
using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Flights;

public class FlightTests
{
    private const int Many = 1_000;

    [Fact]
    public async Task A_thousand_cold_callers_make_one_call_and_one_load()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        var loads = 0;
        var callers = Enumerable.Range(0, Many).Select(_ => cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => { loads++; return new ValueTask<int>(gate.Task); }).AsTask()).ToArray();
        gate.SetResult(42);

        var results = await Task.WhenAll(callers);

        Assert.Equal((1, 1, 1), (loads, cluster.Entry.Reads.Count, cluster.Entry.Completions.Count));
        Assert.All(results, r => Assert.Equal((42, Outcome.Loaded, 1L), (r.Value, r.Outcome, r.Version)));
        Assert.Equal(0, cluster.Flights.Count);
    }

    [Fact]
    public async Task A_thousand_callers_of_an_integration_make_one_call_and_all_but_one_say_joined()
    {
        await using var cluster = new FakeCluster();
        var entry = cluster.EntryOf(CacheKey.For("shop:1.0:partner:country", ("code", "NL")));
        var gate = new TaskCompletionSource<ReadReply>();
        entry.OnRead = _ => new(gate.Task);
        var arguments = new Dictionary<string, string?> { ["code"] = "NL" };
        var callers = Enumerable.Range(0, Many).Select(_ => cluster.Raw.CallAsync("partner", "country", arguments).AsTask()).ToArray();
        gate.SetResult(FakeEntry.Hit("1") with { Status = ReadStatus.Loaded, Stored = true });

        var results = await Task.WhenAll(callers);

        Assert.Single(entry.Reads);
        Assert.Equal(1, results.Count(r => r.Status is ReadStatus.Loaded));
        Assert.Equal(Many - 1, results.Count(r => r.Status is ReadStatus.Joined));
    }

    [Fact]
    public async Task Reads_that_were_shared_leave_nothing_to_those_after_them()
    {
        await using var cluster = new FakeCluster();
        for (var round = 1; round <= 3; round++)
        {
            var gate = new TaskCompletionSource<ReadReply>();
            cluster.Entry.OnRead = _ => new(gate.Task);
            var readers = Enumerable.Range(0, 3).Select(_ => cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask()).ToArray();
            gate.SetResult(FakeEntry.Hit($"{round}"));

            Assert.All(await Task.WhenAll(readers).WaitAsync(Eventually.Deadline), read => Assert.Equal(round, read.Value));
        }
    }

    [Fact]
    public async Task A_callers_token_ends_its_own_wait_only()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        using var leaving = new CancellationTokenSource();
        var first = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(gate.Task), ct: leaving.Token).AsTask();
        var second = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(-1), ct: CancellationToken.None).AsTask();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult(42);
        Assert.Equal(42, (await second).Value);
    }

    [Fact]
    public async Task A_reader_who_leaves_ends_the_wait_of_nobody_who_joined()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(gate.Task);
        using var leaving = new CancellationTokenSource();
        var first = cluster.Cache.GetAsync<int>(FakeCluster.Key, leaving.Token).AsTask();
        var second = cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult(FakeEntry.Hit("1"));
        Assert.Equal(1, (await second).Value);
    }

    [Fact]
    public async Task The_late_answer_to_a_reader_who_left_is_nobody_elses()
    {
        await using var cluster = new FakeCluster();
        var late = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(late.Task);
        using var leaving = new CancellationTokenSource();
        var gone = cluster.Cache.GetAsync<int>(FakeCluster.Key, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        var (other, answer) = (CacheKey.Of("r", "other"), new TaskCompletionSource<ReadReply>());
        cluster.EntryOf(other).OnRead = _ => new(answer.Task);
        var next = cluster.Cache.GetAsync<int>(other).AsTask();

        late.SetResult(FakeEntry.Hit("1"));
        answer.SetResult(FakeEntry.Hit("2"));

        Assert.Equal(2, (await next).Value);
        Assert.Equal(0, cluster.Flights.Count);
    }

    [Fact]
    public async Task Who_joins_a_reader_that_gives_up_just_then_begins_anew()
    {
        var clock = new WatchedClock();
        await using var cluster = new FakeCluster(services => services.AddSingleton<TimeProvider>(clock));
        Task<CacheResult<int>>? joining = null;

        await GiveUpAsync(cluster, clock, () => joining = cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask());

        await Eventually.TrueAsync(() => joining is not null);
        Assert.Equal(1, (await joining!.WaitAsync(Eventually.Deadline)).Value);
        Assert.Equal((3, 0), (cluster.Entry.Reads.Count, cluster.Flights.Count));
    }

    [Fact]
    public async Task Who_began_anew_before_does_so_again_when_the_next_reader_gives_up()
    {
        var clock = new WatchedClock();
        await using var cluster = new FakeCluster(services => services.AddSingleton<TimeProvider>(clock));
        var (key, earlier) = (FakeCluster.Key.GrainKey, new Flight<Nothing>(FlightKind.Read));
        Assert.True(cluster.Flights.TryStart(key, earlier));
        var joining = cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask();
        cluster.Flights.Remove(earlier);

        await GiveUpAsync(cluster, clock, () =>
        {
            earlier.Land(Landing<Nothing>.ForFirst(FakeEntry.Hit("0"), default));
            Assert.True(SpinWait.SpinUntil(() => cluster.Flights.Waiting(key) == 1, Eventually.Deadline));
        });

        Assert.Equal(1, (await joining.WaitAsync(Eventually.Deadline)).Value);
        Assert.Equal((3, 0), (cluster.Entry.Reads.Count, cluster.Flights.Count));
    }

    /// <summary>A reader leaves while it asks again. Reads after its two find 1.</summary>
    /// <param name="cluster">Whose entry is read.</param>
    /// <param name="clock">The cluster's.</param>
    /// <param name="seen">Happens when the reader's call has seen that nobody waits, and before it ends.</param>
    private static async Task GiveUpAsync(FakeCluster cluster, WatchedClock clock, Action seen)
    {
        var (first, reads) = (new TaskCompletionSource<ReadReply>(), 0);
        using var leaving = new CancellationTokenSource();
        Action leave = leaving.Cancel;
        cluster.Entry.OnRead = _ =>
        {
            switch (++reads)
            {
                case 1:
                    return new(first.Task);
                case 2:
                    leave();
                    clock.OnceAskedHere(seen);
                    return new(new ReadReply { Status = ReadStatus.AskAgain });
                default:
                    return new(FakeEntry.Hit("1"));
            }
        };
        var gone = cluster.Cache.GetAsync<int>(FakeCluster.Key, leaving.Token).AsTask();

        first.SetResult(new ReadReply { Status = ReadStatus.AskAgain });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_after_its_answer_came_ends_nobodys_wait()
    {
        await using var cluster = new FakeCluster();
        using var leaving = new CancellationTokenSource();
        CacheKey[] keys = [.. Enumerable.Range(0, 20).Select(static n => CacheKey.Of("r", $"{n}"))];
        await ReadAllAsync("1", leaving.Token, () => { });

        var later = await ReadAllAsync("2", CancellationToken.None, leaving.Cancel);

        Assert.All(later, static r => Assert.Equal(2, r.Value));

        async Task<CacheResult<int>[]> ReadAllAsync(string json, CancellationToken ct, Action meanwhile)
        {
            var gate = new TaskCompletionSource<ReadReply>();
            var reads = Array.ConvertAll(keys, key =>
            {
                cluster.EntryOf(key).OnRead = _ => new(gate.Task);
                return cluster.Cache.GetAsync<int>(key, ct).AsTask();
            });
            meanwhile();
            gate.SetResult(FakeEntry.Hit(json));
            return await Task.WhenAll(reads);
        }
    }

    [Fact]
    public async Task A_factory_that_runs_goes_on_when_the_last_caller_leaves_for_the_cluster_shares_it()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        using var leaving = new CancellationTokenSource();
        var only = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(gate.Task), ct: leaving.Token).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);
        gate.SetResult(42);

        await Eventually.TrueAsync(() => cluster.Entry.Value is not null && cluster.Flights.Count == 0);
        Assert.Equal(42, (await cluster.Cache.GetAsync<int>(FakeCluster.Key)).Value);
    }

    [Fact]
    public async Task A_lease_that_nobody_waits_for_any_more_is_given_back_unused()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(gate.Task);
        using var leaving = new CancellationTokenSource();
        var only = cluster.Cache.GetOrCreateAsync<int>(FakeCluster.Key, _ => throw new InvalidOperationException("ran"), ct: leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);

        gate.SetResult(cluster.Entry.Lease());

        await Eventually.TrueAsync(() => !cluster.Entry.Completions.IsEmpty);
        var given = Assert.Single(cluster.Entry.Completions);
        Assert.Equal((LoadResultKind.Failed, null), (given.Kind, given.Problem));
    }

    [Fact]
    public async Task Who_comes_while_an_unwanted_lease_is_given_back_begins_anew()
    {
        await using var cluster = new FakeCluster();
        var (answer, given) = (new TaskCompletionSource<ReadReply>(), new TaskCompletionSource<LoadReply>());
        cluster.Entry.OnRead = _ => new(answer.Task);
        cluster.Entry.OnComplete = _ => new(given.Task);
        using var leaving = new CancellationTokenSource();
        var first = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(1), ct: leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult(cluster.Entry.Lease());
        await Eventually.TrueAsync(() => !cluster.Entry.Completions.IsEmpty);
        (cluster.Entry.OnRead, cluster.Entry.OnComplete) = (null, null);

        var second = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(2)).AsTask();
        given.SetResult(default);

        Assert.Equal((2, Outcome.Loaded), await second is var r ? (r.Value, r.Outcome) : default);
    }

    [Fact]
    public async Task A_failure_reaches_all_callers_as_it_was_thrown_and_is_not_remembered()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        var thrown = new InvalidOperationException("origin");
        var callers = Enumerable.Range(0, 10).Select(_ => cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(gate.Task)).AsTask()).ToArray();
        gate.SetException(thrown);

        foreach (var caller in callers)
            Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => caller.WaitAsync(Eventually.Deadline)));

        Assert.Single(cluster.Entry.Reads);
        Assert.Equal(0, cluster.Flights.Count);
        Assert.Equal(7, (await cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(7)).AsTask().WaitAsync(Eventually.Deadline)).Value);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("failed write")]
    [InlineData("remove")]
    [InlineData("tag")]
    [InlineData("refresh")]
    public async Task A_reader_never_joins_a_call_older_than_a_change_made_here(string change)
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(gate.Task);
        var before = cluster.Cache.GetAsync<string>(FakeCluster.Key).AsTask();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("\"new\"", 2));

        switch (change)
        {
            case "write":
                await cluster.Cache.SetAsync(FakeCluster.Key, "x");
                break;
            case "failed write":
                cluster.Entry.OnWrite = _ => new(default(WriteReply));
                await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.Cache.SetAsync(FakeCluster.Key, "x").AsTask());
                break;
            case "remove":
                await cluster.Cache.RemoveAsync(FakeCluster.Key);
                break;
            case "tag":
                await cluster.Cache.RemoveByTagAsync(["t"]);
                break;
            default:
                await cluster.Cache.RefreshAsync(FakeCluster.Key);
                break;
        }

        var after = await cluster.Cache.GetAsync<string>(FakeCluster.Key).AsTask().WaitAsync(Eventually.Deadline);
        gate.SetResult(FakeEntry.Hit("\"old\""));
        Assert.Equal("\"new\"", after.Value);
        Assert.Equal("\"old\"", (await before).Value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_joined_a_read_shares_one_more_call_that_began_after_it_came(bool strict)
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(gate.Task);
        var first = cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask();
        var later = Enumerable.Range(0, 100).Select(_ => cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask()).ToArray();
        var second = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(second.Task);

        gate.SetResult(FakeEntry.Hit("1") with { Strict = strict });
        Assert.Equal(1, (await first).Value);
        await Eventually.TrueAsync(() => cluster.Flights.Waiting(FakeCluster.Key.GrainKey) == later.Length);
        second.SetResult(FakeEntry.Hit("2", 2) with { Strict = strict });

        Assert.All(await Task.WhenAll(later), r => Assert.Equal(2, r.Value));
        Assert.Equal(2, cluster.Entry.Reads.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_joined_a_load_has_its_answer_if_it_came_before_the_owner_decided_it_and_asks_anew_if_later(bool strict)
    {
        await using var cluster = new FakeCluster();
        var entry = cluster.EntryOf(CacheKey.For("shop:1.0:partner:country", ("code", "NL")));
        var arguments = new Dictionary<string, string?> { ["code"] = "NL" };
        var load = new TaskCompletionSource<ReadReply>();
        entry.OnRead = _ => new(load.Task);
        var callers = new List<Task<CacheResult<int>>>();
        foreach (var came in new[] { 0, 50, 98, 99.5 })
        {
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(came) - cluster.Clock.GetElapsedTime(0));
            callers.Add(cluster.Cache.CallAsync<int>("partner", "country", arguments).AsTask());
        }

        entry.OnRead = _ => new(FakeEntry.Hit("2", 2));
        load.SetResult(FakeEntry.Hit("1") with { Status = ReadStatus.Loaded, Stored = true, Strict = strict, DecidedAfterMilliseconds = 100 });

        Assert.Equal([1, 1, 1, 2], (await Task.WhenAll(callers)).Select(static result => result.Value));
    }

    [Fact]
    public async Task Who_came_after_a_load_was_decided_says_joined_though_it_then_found_a_hit()
    {
        await using var cluster = new FakeCluster();
        var key = CacheKey.For("shop:1.0:partner:country", ("code", "NL"));
        var entry = cluster.EntryOf(key);
        var arguments = new Dictionary<string, string?> { ["code"] = "NL" };
        var (load, found) = (new TaskCompletionSource<ReadReply>(), new TaskCompletionSource<ReadReply>());
        entry.OnRead = _ => new(load.Task);
        var callers = Enumerable.Range(0, 3).Select(_ =>
        {
            var call = cluster.Raw.CallAsync("partner", "country", arguments).AsTask();
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(1));
            return call;
        }).ToArray();
        entry.OnRead = _ => new(found.Task);

        load.SetResult(FakeEntry.Hit("1") with { Status = ReadStatus.Loaded, Stored = true });
        await Eventually.TrueAsync(() => entry.Reads.Count == 2 && cluster.Flights.Waiting(key.GrainKey) == 2);
        found.SetResult(FakeEntry.Hit("1"));

        Assert.Equal([ReadStatus.Loaded, ReadStatus.Joined, ReadStatus.Joined], (await Task.WhenAll(callers)).Select(static r => r.Status));
    }

    [Fact]
    public async Task Who_joined_a_load_that_a_change_overtook_asks_anew()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        cluster.Entry.OnComplete = _ => new(new LoadReply { Detail = "changed" });
        var first = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(gate.Task)).AsTask();
        var joined = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(-1)).AsTask();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("7", 9));
        gate.SetResult(42);

        Assert.Equal((42, 0L), (await first is var r ? (r.Value, r.Version) : default));
        Assert.Equal((7, 9L), (await joined is var j ? (j.Value, j.Version) : default));
    }

    [Fact]
    public async Task Nobody_joins_a_load_whose_result_is_on_its_way()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<LoadReply>();
        cluster.Entry.OnComplete = _ => new(gate.Task);
        var first = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(1)).AsTask();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("2", 2));

        var late = await cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(-1)).AsTask().WaitAsync(Eventually.Deadline);

        gate.SetResult(new() { Stored = true, Value = FakeEntry.Json("1") });
        Assert.Equal((2, 1), (late.Value, (await first).Value));
    }

    [Fact]
    public async Task A_read_joins_no_older_read_once_a_load_here_is_done()
    {
        await using var cluster = new FakeCluster();
        var old = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = r => r.Load is LoadMode.None ? new(old.Task) : new(cluster.Entry.Usual(r));
        var before = cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask();
        await cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(5));
        cluster.Entry.OnRead = null;

        Assert.Equal(5, (await cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask().WaitAsync(Eventually.Deadline)).Value);
        old.SetResult(default);
        Assert.Equal(Outcome.Miss, (await before).Outcome);
    }

    [Fact]
    public async Task A_read_joins_no_read_that_was_asked_while_a_loads_result_was_on_its_way()
    {
        await using var cluster = new FakeCluster();
        var (old, done) = (new TaskCompletionSource<ReadReply>(), new TaskCompletionSource<LoadReply>());
        cluster.Entry.OnComplete = _ => new(done.Task);
        var load = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(5)).AsTask();
        cluster.Entry.OnRead = _ => new(old.Task);
        var between = cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask();
        done.SetResult(new() { Stored = true, Value = FakeEntry.Json("") });
        await load;
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("5"));

        Assert.Equal(5, (await cluster.Cache.GetAsync<int>(FakeCluster.Key).AsTask().WaitAsync(Eventually.Deadline)).Value);
        old.SetResult(default);
        Assert.Equal(Outcome.Miss, (await between).Outcome);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_joins_no_older_read_once_a_load_elsewhere_was_seen(bool declared)
    {
        await using var cluster = new FakeCluster();
        var key = declared ? CacheKey.For("shop:1.0:partner:country", ("code", "NL")) : FakeCluster.Key;
        var entry = cluster.EntryOf(key);
        var old = new TaskCompletionSource<ReadReply>();
        entry.OnRead = r => r.Load is LoadMode.None ? new(old.Task) : new(FakeEntry.Hit("5") with { Status = ReadStatus.Joined, Stored = true });
        var before = cluster.Cache.GetAsync<int>(key).AsTask();
        if (declared)
            await cluster.Cache.CallAsync<int>("partner", "country", new Dictionary<string, string?> { ["code"] = "NL" });
        else
            await cluster.Cache.GetOrCreateAsync(key, _ => new ValueTask<int>(-1));
        entry.OnRead = _ => new(FakeEntry.Hit("5"));

        Assert.Equal(5, (await cluster.Cache.GetAsync<int>(key).AsTask().WaitAsync(Eventually.Deadline)).Value);
        old.SetResult(default);
        Assert.Equal(Outcome.Miss, (await before).Outcome);
    }

    [Fact]
    public async Task Who_joined_a_call_whose_load_a_change_overtook_asks_anew()
    {
        await using var cluster = new FakeCluster();
        var entry = cluster.EntryOf(CacheKey.For("shop:1.0:partner:country", ("code", "NL")));
        var gate = new TaskCompletionSource<ReadReply>();
        entry.OnRead = _ => new(gate.Task);
        var arguments = new Dictionary<string, string?> { ["code"] = "NL" };
        var first = cluster.Cache.CallAsync<int>("partner", "country", arguments).AsTask();
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var joined = cluster.Cache.CallAsync<int>("partner", "country", arguments).AsTask();
        entry.OnRead = _ => new(FakeEntry.Hit("2", 2));

        gate.SetResult(FakeEntry.Hit("1", 0) with { Status = ReadStatus.Loaded });

        Assert.Equal((1, 2), ((await first).Value, (await joined).Value));
    }

    [Fact]
    public async Task Callers_that_want_other_types_do_not_share_a_factory()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<string>();
        var text = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>(gate.Task)).AsTask();
        var number = await cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(1)).AsTask().WaitAsync(Eventually.Deadline);
        gate.SetResult("one");

        Assert.Equal((1, "one"), (number.Value, (await text).Value));
    }

    [Fact]
    public async Task Callers_share_an_immutable_object_and_get_their_own_of_any_other()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<List<int>>();
        var lists = Enumerable.Range(0, 3).Select(_ => cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<List<int>>(gate.Task)).AsTask()).ToArray();
        var text = new TaskCompletionSource<string>();
        var texts = Enumerable.Range(0, 3).Select(_ => cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "text"), _ => new ValueTask<string>(text.Task)).AsTask()).ToArray();
        gate.SetResult([1, 2]);
        text.SetResult(new string('x', 3));

        var results = await Task.WhenAll(lists);
        Assert.All(results, r => Assert.Equal([1, 2], r.Value!));
        Assert.Equal(3, results.Select(r => r.Value).Distinct(ReferenceEqualityComparer.Instance).Count());
        Assert.Single((await Task.WhenAll(texts)).Select(r => r.Value).Distinct(ReferenceEqualityComparer.Instance));
    }

    [Fact]
    public async Task A_cancelled_token_makes_no_call()
    {
        await using var cluster = new FakeCluster();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.Cache.GetAsync<int>(FakeCluster.Key, new(true)).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.Cache.SetAsync(FakeCluster.Key, 1, ct: new(true)).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(1), ct: new(true)).AsTask());

        Assert.Empty(cluster.Entry.Reads);
        Assert.Empty(cluster.Entry.Writes);
    }

    private sealed class WatchedClock : TimeProvider
    {
        private int _thread;
        private Action? _onAsked;

        public override long TimestampFrequency
        {
            get
            {
                if (Environment.CurrentManagedThreadId == _thread)
                    Interlocked.Exchange(ref _onAsked, null)?.Invoke();
                return base.TimestampFrequency;
            }
        }

        /// <summary>Calls when this thread next asks for the frequency.</summary>
        public void OnceAskedHere(Action call) => (_onAsked, _thread) = (call, Environment.CurrentManagedThreadId);
    }
}
