using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>Several tag logs over one Redis. Time stands still unless it is moved: nobody looks but when told to, or by a hint.</summary>
public sealed class TagClusterTests : IAsyncLifetime
{
    private const string Key = "oc:tags:raises";
    private static readonly ulong[] A = TagHash.Of(["a"]);
    private readonly ManualTimeProvider _time = new();
    private readonly List<TagLog> _logs = [];
    private readonly ConcurrentQueue<(long Generation, long Number)> _told = new();
    private readonly Clock _clock;
    private IAsyncDisposable? _listening;
    private RedisServer? _server;
    private IHost? _host;

    // A raise that is never acknowledged fails its test.
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public TagClusterTests() => _clock = new(_time);

    private CancellationToken Cancellation => _limit.Token;

    private IRedisDatabase Redis => _host!.Services.GetRequiredService<IRedisDatabase>();

    public async ValueTask InitializeAsync()
    {
        _limit.CancelAfter(Eventually.Deadline * 2);
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(cancellationToken: Cancellation);
        _host = await RedisHost.StartAsync(_server);
        _listening = await new RedisTagStore(Redis, new("tags")).ListenAsync(
            (generation, number) =>
            {
                _told.Enqueue((generation, number));
                _logs.ForEach(log => log.Hint(generation, number));
            },
            Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_listening is not null)
            await _listening.DisposeAsync();
        if (_host is not null)
            await RedisHost.StopAsync(_host);
        if (_server is not null)
            await _server.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task A_raise_is_acknowledged_when_the_other_silo_has_taken_it_up_and_told_so()
    {
        var (mine, other) = await TwoAsync();
        var born = other.Head;

        var raise = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(mine, born + 1);
        Assert.True(other.IsProven && other.IsGood(A, born, other.Generation));
        await StaysPendingAsync(raise);
        await other.SynchroniseAsync(Cancellation);

        Assert.Equal(born + 1, await raise);
        Assert.True(other.IsProven);
        Assert.False(other.IsGood(A, born, other.Generation));
    }

    [Fact]
    public async Task A_silo_that_does_not_look_is_waited_for_until_its_lease_has_ended()
    {
        var (mine, other) = await TwoAsync();

        var raise = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);
        await PassAsync(TagLog.LeaseSpan - TimeSpan.FromMilliseconds(20));
        Assert.True(other.IsProven);
        await StaysPendingAsync(raise);
        await PassUntilAsync(() => raise.IsCompleted);

        Assert.False(other.IsProven);
        Assert.True(await other.ProveAsync(TimeSpan.FromSeconds(5), Cancellation));
        Assert.False(other.IsGood(A, 0, other.Generation));
    }

    [Fact]
    public async Task A_silo_that_was_waited_out_is_waited_for_again_once_it_is_back()
    {
        var (mine, other) = await TwoAsync();
        var first = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await PassUntilAsync(() => first.IsCompleted);
        await other.SynchroniseAsync(Cancellation);

        var second = mine.RaiseAsync(["a"], Cancellation).AsTask();

        await StaysPendingAsync(second);
        await other.SynchroniseAsync(Cancellation);
        Assert.Equal(2, await second);
    }

    [Fact]
    public async Task A_silo_that_has_left_is_not_waited_for()
    {
        var (mine, other) = await TwoAsync();

        await other.LeaveAsync(Cancellation);

        Assert.False(other.IsProven);
        Assert.Equal(1, await mine.RaiseAsync(["a"], Cancellation));
    }

    [Fact]
    public async Task A_silo_whose_answer_was_lost_has_not_taken_the_raise_up()
    {
        var mine = await StartAsync();
        var network = new Network(new RedisTagStore(Redis, new("tags")));
        var other = await StartAsync(network);
        await PassBeginningAsync(mine, other);
        var raise = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);

        network.LosesAnswers = true;
        for (var look = 0; look < 3; look++)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => other.SynchroniseAsync(Cancellation));

        Assert.True(other.IsProven && other.IsGood(A, 0, other.Generation));
        await StaysPendingAsync(raise);
    }

    [Fact]
    public async Task A_lease_counts_from_before_the_question_was_sent()
    {
        var network = new Network(new RedisTagStore(Redis, new("tags")));
        var log = await StartAsync(network);
        await PassAsync(TagLog.LeaseSpan);
        Assert.False(log.IsProven);

        network.OnAsked = () => _clock.Shift += 2970;
        await log.SynchroniseAsync(Cancellation);
        Assert.True(log.IsProven);

        network.OnAsked = () => _clock.Shift += 3000;
        await log.SynchroniseAsync(Cancellation);
        Assert.False(log.IsProven);
    }

    [Fact]
    public async Task After_a_loss_of_everything_no_raise_is_acknowledged_while_a_forgotten_silo_may_have_a_lease()
    {
        var (mine, other) = await TwoAsync();
        await Redis.ExecuteAsync(["FLUSHALL"], Cancellation);

        var raise = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);
        await PassAsync(TagLog.LeaseSpan - TimeSpan.FromMilliseconds(20));
        Assert.True(other.IsProven && other.IsGood(A, 0, other.Generation));
        await StaysPendingAsync(raise);
        await PassUntilAsync(() => raise.IsCompleted);

        Assert.False(other.IsProven);
    }

    [Fact]
    public async Task After_a_restart_of_the_server_which_may_have_forgotten_leases_a_raise_waits_them_out()
    {
        var mine = await StartAsync();
        await PassBeginningAsync(mine);
        var before = await HeaderAsync();
        var other = await StartAsync();
        before["run"] = "another";
        await Redis.ExecuteAsync(["LSET", Key, "0", before.ToJsonString()], Cancellation);
        var generation = mine.Generation;

        var raise = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);
        await PassAsync(TagLog.LeaseSpan - TimeSpan.FromMilliseconds(20));
        Assert.True(other.IsProven && other.IsGood(A, 0, other.Generation));
        await StaysPendingAsync(raise);
        await PassUntilAsync(() => raise.IsCompleted);

        Assert.False(other.IsProven);
        Assert.Equal(generation, mine.Generation);
    }

    [Fact]
    public async Task A_log_that_went_back_and_got_as_far_again_with_other_raises_is_found_out()
    {
        var (mine, other) = await TwoAsync();
        var before = await LogAsync();
        var lost = mine.RaiseAsync(["b"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);
        await other.SynchroniseAsync(Cancellation);
        await lost;
        var (born, generation) = (other.Head, other.Generation);
        await RestoreAsync(before);
        var third = await StartAsync();

        var raise = third.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(third, born);
        Assert.True(other.IsGood(A, born, generation));
        await StaysPendingAsync(raise);
        await other.SynchroniseAsync(Cancellation);

        Assert.NotEqual(generation, other.Generation);
        Assert.False(other.IsGood(A, born, generation));
        await StaysPendingAsync(raise);
    }

    [Fact]
    public async Task Leases_that_a_log_forgot_as_it_went_back_are_waited_out()
    {
        var mine = await StartAsync();
        await PassBeginningAsync(mine);
        var before = await LogAsync();
        var other = await StartAsync();
        var lost = mine.RaiseAsync(["b"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);
        await other.SynchroniseAsync(Cancellation);
        await lost;
        var generation = other.Generation;
        await RestoreAsync(before);

        var raise = mine.RaiseAsync(["a"], Cancellation).AsTask();
        await KnowsAsync(mine, 2);
        Assert.True(other.IsProven && other.IsGood(A, 1, generation));
        await StaysPendingAsync(raise);
        await PassUntilAsync(() => raise.IsCompleted);

        Assert.False(other.IsProven);
    }

    [Fact]
    public async Task A_log_that_went_back_is_found_behind_by_who_knows_more_and_goes_on_above()
    {
        var (mine, other) = await TwoAsync();
        var before = await LogAsync();
        var lost = mine.RaiseAsync(["b"], Cancellation).AsTask();
        await KnowsAsync(mine, 1);
        await other.SynchroniseAsync(Cancellation);
        await lost;
        var generation = other.Generation;
        await RestoreAsync(before);
        await StartAsync();

        await other.SynchroniseAsync(Cancellation);

        Assert.NotEqual(generation, other.Generation);
        Assert.Equal(1, other.Head);
        Assert.Equal((other.Head, other.Generation), (await StartAsync()) is var later ? (later.Head, later.Generation) : default);
        await Redis.ExecuteAsync(["DEL", Key], Cancellation);
        await StartAsync();
        await mine.SynchroniseAsync(Cancellation);
        Assert.Equal(1, mine.Head);
    }

    [Fact]
    public async Task In_a_new_generation_nobody_counts_as_knowing_anything_before_having_taken_it_up()
    {
        RedisTagStore[] stores = [.. Enumerable.Range(0, 3).Select(_ => new RedisTagStore(Redis, new("tags")))];
        var log = await stores[0].AppendAsync(new(default, 0, A), Cancellation);
        var known = new TagPosition(log.Generation, log.Head, log.Stamp);
        await stores[0].AppendAsync(new(known, 0, []), Cancellation);

        var next = await stores[1].AppendAsync(new(known with { Stamp = log.Stamp ^ 1 }, 0, []), Cancellation);
        var seen = await stores[2].AppendAsync(new(default, 0, []), Cancellation);

        Assert.NotEqual(log.Generation, next.Generation);
        Assert.Equal([0, 0], seen.Others.Select(static other => other.Known));
    }

    [Fact]
    public async Task What_a_silo_knows_of_another_generation_is_no_sign_of_a_loss_in_this_one()
    {
        var (mine, other) = (new RedisTagStore(Redis, new("tags")), new RedisTagStore(Redis, new("tags")));
        await mine.AppendAsync(new(default, 0, A), Cancellation);
        var log = await mine.AppendAsync(new(default, 0, A), Cancellation);

        var changes = await other.AppendAsync(new(new(log.Generation ^ 1, 2, log.Stamp ^ 1), Ahead: 100, []), Cancellation);
        Assert.Equal((log.Generation, 2), (changes.Generation, changes.Head));
        Assert.Equal([1, 2], changes.Raises.Select(static raise => raise.Number));
        Assert.Equal(0, Assert.Single((await mine.AppendAsync(new(default, 0, []), Cancellation)).Others).Known);

        changes = await other.AppendAsync(new(new(log.Generation ^ 1, 3, log.Stamp), Ahead: 100, []), Cancellation);
        Assert.NotEqual(log.Generation, changes.Generation);
        Assert.Equal(3, changes.Head);
    }

    [Fact]
    public async Task A_new_generation_goes_on_above_what_any_silo_may_know()
    {
        var store = new RedisTagStore(Redis, new("tags"));
        var first = await store.AppendAsync(new(default, 0, A), Cancellation);
        await store.AppendAsync(new(default, 0, A), Cancellation);

        var next = await store.AppendAsync(new(new(first.Generation, 1, first.Stamp ^ 1), 0, []), Cancellation);

        Assert.NotEqual(first.Generation, next.Generation);
        Assert.Equal(2, next.Head);
        Assert.Equal(9, (await store.AppendAsync(new(new(next.Generation, 2, next.Stamp), Ahead: 9, []), Cancellation)).Head);
    }

    [Fact]
    public async Task Silos_are_told_of_a_raise_of_the_last_that_has_it_of_a_loss_and_of_who_left_and_of_nothing_else()
    {
        RedisTagStore[] stores = [.. Enumerable.Range(0, 3).Select(_ => new RedisTagStore(Redis, new("tags")))];
        TagPosition none = default;
        foreach (var store in stores)
            none = new((await store.AppendAsync(new(none, 0, []), Cancellation)).Generation, 0, 0);

        var log = await stores[0].AppendAsync(new(none, 0, A), Cancellation);
        var known = new TagPosition(log.Generation, log.Head, log.Stamp);
        await stores[1].AppendAsync(new(none, 0, []), Cancellation);
        for (var look = 0; look < 2; look++)
            foreach (var store in stores)
                await store.AppendAsync(new(known, 0, []), Cancellation);
        var lost = await stores[0].AppendAsync(new(known with { Stamp = log.Stamp ^ 1 }, 0, []), Cancellation);
        await stores[1].LeaveAsync(Cancellation);
        await stores[0].AppendAsync(new(default, 0, A), Cancellation);

        await Eventually.TrueAsync(() => _told.Contains((lost.Generation, 2)), cancellationToken: Cancellation);
        Assert.Equal(
            [(log.Generation, 0), (log.Generation, 1), (log.Generation, 1), (lost.Generation, 1), (lost.Generation, 1), (lost.Generation, 2)],
            _told);
    }

    [Fact]
    public async Task A_lease_that_was_dropped_comes_back_under_another_counter()
    {
        var (mine, other) = (new RedisTagStore(Redis, new("tags")), new RedisTagStore(Redis, new("tags")));
        await other.AppendAsync(new(default, 0, []), Cancellation);
        var before = Assert.Single((await mine.AppendAsync(new(default, 0, []), Cancellation)).Others);

        Assert.Empty((await mine.AppendAsync(new(default, 0, []) { Gone = [before] }, Cancellation)).Others);
        await other.AppendAsync(new(default, 0, []), Cancellation);
        var after = Assert.Single((await mine.AppendAsync(new(default, 0, []) { Gone = [before] }, Cancellation)).Others);

        Assert.Equal(before.Id, after.Id);
        Assert.NotEqual(before.Counter, after.Counter);
    }

    [Fact]
    public async Task Only_the_beginning_that_is_has_been_waited_out()
    {
        var store = new RedisTagStore(Redis, new("tags"));
        var former = await store.AppendAsync(new(default, 0, []), Cancellation);
        await Redis.ExecuteAsync(["DEL", Key], Cancellation);

        var next = await store.AppendAsync(new(default, 0, []) { WaitedOut = former.Beginning }, Cancellation);
        Assert.True(next.WaitsOut);
        Assert.NotEqual(former.Beginning, next.Beginning);
        Assert.False((await store.AppendAsync(new(default, 0, []) { WaitedOut = next.Beginning }, Cancellation)).WaitsOut);
    }

    [Fact]
    public async Task A_hint_brings_a_raise_to_all_silos_in_milliseconds()
    {
        var hosts = new List<IHost> { _host! };
        for (var i = 1; i < 3; i++)
            hosts.Add(await RedisHost.StartAsync(_server!, $"silo-{i}"));
        try
        {
            var logs = hosts.ConvertAll(static host => host.Services.GetRequiredService<ITagLog>());
            await logs[0].RaiseAsync(["warm"], Cancellation);
            var spans = new List<TimeSpan>();
            for (var i = 0; i < 200; i++)
            {
                var born = logs[(i + 1) % 3].Head;
                var began = TimeProvider.System.GetTimestamp();
                await logs[i % 3].RaiseAsync(["a"], Cancellation);
                spans.Add(TimeProvider.System.GetElapsedTime(began));

                Assert.All(logs, log => Assert.False(log.IsGood(A, born, log.Generation)));
                Assert.All(logs, static log => Assert.True(log.IsProven));
            }
            spans.Sort();
            TestContext.Current.TestOutputHelper?.WriteLine($"a raise over 3 silos: median {spans[100].TotalMilliseconds:0.00} ms, 95 % {spans[190].TotalMilliseconds:0.00} ms, longest {spans[^1].TotalMilliseconds:0.00} ms");
            Assert.True(spans[100] < TimeSpan.FromMilliseconds(250), $"The median is {spans[100]}.");
        }
        finally
        {
            foreach (var host in hosts.Skip(1))
                await RedisHost.StopAsync(host);
        }
    }

    private async Task<(TagLog Mine, TagLog Other)> TwoAsync()
    {
        var (mine, other) = (await StartAsync(), await StartAsync());
        await PassBeginningAsync(mine, other);
        return (mine, other);
    }

    private Task<TagLog> StartAsync() => StartAsync(new RedisTagStore(Redis, new("tags")));

    private async Task<TagLog> StartAsync(ISharedTagStore store)
    {
        var log = new TagLog(store, _clock, _time);
        _logs.Add(log);
        await log.SynchroniseAsync(Cancellation);
        return log;
    }

    // A log that is new is waited out, and all know that.
    private async Task PassBeginningAsync(params TagLog[] logs)
    {
        await PassAsync(TagLog.LeaseSpan * 2);
        for (var round = 0; round < 2; round++)
            foreach (var log in logs)
                await log.SynchroniseAsync(Cancellation);
    }

    private async Task PassAsync(TimeSpan span)
    {
        for (var left = span; left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(20))
        {
            _time.Advance(left < TimeSpan.FromMilliseconds(20) ? left : TimeSpan.FromMilliseconds(20));
            await Redis.ExecuteAsync(["PING"], Cancellation);
        }
    }

    private Task PassUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            return condition();
        },
        cancellationToken: Cancellation);

    private Task KnowsAsync(TagLog log, long number) => Eventually.TrueAsync(() => log.Head >= number, cancellationToken: Cancellation);

    // Looks that hints or pauses asked for have their answers before a script that comes after them.
    private async Task StaysPendingAsync(Task raise)
    {
        for (var i = 0; i < 20; i++)
        {
            await Redis.ExecuteAsync(["PING"], Cancellation);
            await Task.Yield();
        }
        Assert.False(raise.IsCompleted, "The raise was acknowledged.");
    }

    private async Task<JsonNode> HeaderAsync() => JsonNode.Parse((await Redis.ExecuteAsync(["LINDEX", Key, "0"], Cancellation)).Text)!;

    private async Task<string> LogAsync()
    {
        await Redis.ExecuteAsync(["COPY", Key, "kept", "REPLACE"], Cancellation);
        return "kept";
    }

    private async Task RestoreAsync(string kept) => await Redis.ExecuteAsync(["COPY", kept, Key, "REPLACE"], Cancellation);

    private sealed class Clock(ManualTimeProvider time) : CoarseClock
    {
        public long Shift { get; set; }

        public override long Milliseconds => (time.GetTimestamp() / TimeSpan.TicksPerMillisecond) + Shift;
    }

    private sealed class Network(ISharedTagStore inner) : ISharedTagStore
    {
        public bool LosesAnswers { get; set; }

        public Action? OnAsked { get; set; }

        public async ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken)
        {
            var changes = await inner.AppendAsync(append, cancellationToken);
            OnAsked?.Invoke();
            return LosesAnswers ? throw new StoreUnavailableException("The answer was lost.", maybeApplied: true) : changes;
        }

        public ValueTask LeaveAsync(CancellationToken cancellationToken) => inner.LeaveAsync(cancellationToken);

        public ValueTask<IAsyncDisposable> ListenAsync(Action<long, long> hint, CancellationToken cancellationToken) => inner.ListenAsync(hint, cancellationToken);
    }
}
