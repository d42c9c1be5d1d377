using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Calls;

public class OwnerCallTests
{
    private static readonly CacheKey Key = FakeCluster.Key;

    [Fact]
    public async Task A_reader_that_is_told_to_ask_again_asks_the_same_again_for_as_long_as_the_load_runs()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(2));
            return new(cluster.Entry.Reads.Count < 20 ? new ReadReply { Status = ReadStatus.AskAgain } : FakeEntry.Hit("1") with { Status = ReadStatus.Joined, Stored = true });
        };

        var result = await cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new InvalidOperationException("ran"));

        Assert.Equal((1, Outcome.Loaded, 20), (result.Value, result.Outcome, cluster.Entry.Reads.Count));
        Assert.Single(cluster.Entry.Reads.Distinct());
        Assert.Equal(2000, cluster.Entry.Reads.First().WaitMilliseconds);
    }

    [Fact]
    public async Task An_owner_that_answers_at_once_is_not_asked_in_a_tight_loop()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.AskAgain });

        var read = cluster.Cache.GetAsync<int>(Key);

        Assert.Equal((2, 1), (cluster.Entry.Reads.Count, cluster.Clock.ActiveTimers));
        cluster.Entry.OnRead = null;
        await cluster.DriveAsync(read);
    }

    [Fact]
    public async Task A_read_nobody_waits_for_stops_asking()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.AskAgain });
        using var leaving = new CancellationTokenSource();
        var read = cluster.Cache.GetAsync<int>(Key, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);

        cluster.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((3, 0), (cluster.Entry.Reads.Count, cluster.Flights.Count));
    }

    [Fact]
    public async Task A_call_goes_to_the_new_owner_at_once_and_then_with_pauses()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(cluster.Entry.Reads.Count < 4 ? new ReadReply { Status = ReadStatus.NotOwner } : FakeEntry.Hit("1"));

        var result = await cluster.DriveAsync(cluster.Cache.GetAsync<int>(Key), TimeSpan.FromMilliseconds(10));

        Assert.Equal((1, 4), (result.Value, cluster.Entry.Reads.Count));
        Assert.Equal(TimeSpan.FromMilliseconds(30), cluster.Clock.GetElapsedTime(0));
    }

    [Fact]
    public async Task A_call_that_was_refused_by_a_newer_view_is_made_again_as_soon_as_that_is_known()
    {
        var view = new LearnedView();
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(cluster.Entry.Reads.Count == 1 ? new ReadReply { Status = ReadStatus.NotOwner, View = 5 } : FakeEntry.Hit("1"));
        cluster.Entry.OnWrite = w => new(cluster.Entry.Writes.Count == 1 ? new WriteReply { Status = WriteStatus.NotOwner, View = 6 } : cluster.Entry.Written(w));

        var read = cluster.Cache.GetAsync<int>(Key).AsTask();
        Assert.Equal((1, 5, false), (cluster.Entry.Reads.Count, view.Heard, read.IsCompleted));
        view.Learn(new(5, []));
        Assert.Equal(1, (await read).Value);

        var write = cluster.Cache.SetAsync(Key, 2).AsTask();
        Assert.Equal((1, 6, false), (cluster.Entry.Writes.Count, view.Heard, write.IsCompleted));
        view.Learn(new(6, []));
        Assert.True((await write).Accepted);
    }

    [Fact]
    public async Task Calls_that_went_to_the_wrong_silo_are_counted_and_waits_are_not()
    {
        await using var cluster = new FakeCluster();
        var refusals = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "orleanscache.client.refusals" && ReferenceEquals(instrument.Meter.Scope, cluster.Get<IMeterFactory>()))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => refusals += count);
        listener.Start();
        cluster.Entry.OnRead = _ => new(cluster.Entry.Reads.Count switch
        {
            1 or 2 => new() { Status = ReadStatus.NotOwner },
            3 => new() { Status = ReadStatus.AskAgain },
            _ => FakeEntry.Hit("1"),
        });

        await cluster.DriveAsync(cluster.Cache.GetAsync<int>(Key));

        Assert.Equal((4, 2), (cluster.Entry.Reads.Count, refusals));
    }

    [Theory]
    [InlineData(LoadProblem.Unproven)]
    [InlineData(LoadProblem.StoreAway)]
    public async Task A_strict_read_that_its_owner_cannot_prove_is_made_again_where_the_newer_view_says(string detail)
    {
        var view = Shared(5);
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(view.Number < 6 ? Away(detail) : FakeEntry.Hit("1"));

        var read = cluster.Cache.GetAsync<int>(Key).AsTask();
        await PassAsync(cluster, TimeSpan.FromSeconds(5));
        Assert.False(read.IsCompleted);
        var before = cluster.Entry.Reads.Count;
        view.Learn(View(6));

        Assert.Equal(1, (await read).Value);
        Assert.Equal(before + 1, cluster.Entry.Reads.Count);
        Assert.InRange(before, 5, 25);
    }

    [Fact]
    public async Task A_change_that_its_owner_cannot_store_is_made_again_where_the_newer_view_says()
    {
        var view = Shared(5);
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnWrite = w => new(view.Number < 6 ? new WriteReply { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 1_000 } : cluster.Entry.Written(w));

        var write = cluster.Cache.SetAsync(Key, 1).AsTask();
        await PassAsync(cluster, TimeSpan.FromSeconds(5));
        Assert.False(write.IsCompleted);
        view.Learn(View(6));

        Assert.True((await write).Accepted);
        Assert.Single(cluster.Entry.Writes.Select(w => (w.OperationId, w.IsRepeated)).Distinct());
    }

    [Fact]
    public async Task Where_nobody_takes_over_in_time_the_refusal_stands_and_later_ones_are_heard_at_once()
    {
        var view = Shared(5);
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(Away(LoadProblem.Unproven));
        cluster.Entry.OnWrite = _ => new(new WriteReply { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 900 });

        Assert.Equal(LoadProblem.Unproven, (await cluster.DriveAsync(cluster.Raw.GetAsync(Key))).Problem!.Detail);
        Assert.InRange(cluster.Clock.GetElapsedTime(0), TakeOver.Longest, TakeOver.Longest + TimeSpan.FromSeconds(1));

        var reads = cluster.Entry.Reads.Count;
        Assert.Equal(ReadStatus.Failed, (await cluster.Raw.GetAsync(Key).AsTask()).Status);
        Assert.Equal(TimeSpan.FromMilliseconds(900), (await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.Cache.SetAsync(Key, 1).AsTask())).RetryAfter);
        Assert.Equal((reads + 1, 1), (cluster.Entry.Reads.Count, cluster.Entry.Writes.Count));

        view.Learn(View(6));
        Assert.False(cluster.Raw.GetAsync(Key).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_refusal_stands_at_once_where_no_silo_can_prove_its_right()
    {
        var view = Shared(5);
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(Away(LoadProblem.Unproven));
        cluster.Entry.OnWrite = _ => new(new WriteReply { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 900 });
        cluster.Proofs.Answer = key => new(new ProofReply { Silo = OwnerOf(view, key) });

        Assert.Equal(ReadStatus.Failed, (await cluster.Raw.GetAsync(Key)).Status);
        Assert.Equal(TimeSpan.FromMilliseconds(900), (await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.Cache.SetAsync(Key, 1).AsTask())).RetryAfter);

        Assert.Equal((1, 1, 2), (cluster.Entry.Reads.Count, cluster.Entry.Writes.Count, cluster.Proofs.Asked.Count));
        cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        cluster.Proofs.Answer = key => new(new ProofReply { Silo = OwnerOf(view, key), MayProve = key == cluster.Proofs.Asked.First() });
        Assert.False(cluster.Raw.GetAsync(Key).AsTask().IsCompleted);
    }

    [Theory]
    [InlineData("silent")]
    [InlineData("unreachable")]
    [InlineData("another silo")]
    public async Task Who_does_not_say_that_it_has_no_proof_may_take_over(string one)
    {
        var view = Shared(5);
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(view.Number < 6 ? Away(LoadProblem.Unproven) : FakeEntry.Hit("1"));
        var silent = new TaskCompletionSource<ProofReply>();
        cluster.Proofs.Answer = key => key == cluster.Proofs.Asked.First() ? new(new ProofReply { Silo = OwnerOf(view, key) })
            : one switch { "silent" => new(silent.Task), "unreachable" => throw new SiloUnavailableException("gone"), _ => new(new ProofReply { Silo = "another" }) };

        var read = cluster.Cache.GetAsync<int>(Key).AsTask();
        await PassAsync(cluster, TimeSpan.FromSeconds(5));
        Assert.False(read.IsCompleted);
        view.Learn(View(6));

        Assert.Equal(1, (await cluster.DriveAsync(new ValueTask<CacheResult<int>>(read))).Value);
    }

    [Fact]
    public async Task A_refusal_stands_when_no_time_is_left_for_another_slow_one()
    {
        await using var cluster = new FakeCluster(static services => services.AddSingleton<IKnownView>(Shared(5)));
        cluster.Entry.OnWrite = _ =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(2));
            return new(new WriteReply { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 900 });
        };

        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.SetAsync(Key, 1), TimeSpan.FromMilliseconds(10)));

        Assert.Equal((TimeSpan.FromMilliseconds(900), 4), (refused.RetryAfter, cluster.Entry.Writes.Count));
    }

    [Fact]
    public async Task Nobody_is_waited_for_where_no_other_silo_could_take_over()
    {
        var view = new LearnedView();
        view.Learn(new(5, [Member("a")]));
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(Away(LoadProblem.Unproven));

        var read = cluster.Raw.GetAsync(Key).AsTask();

        Assert.True(read.IsCompleted);
        Assert.Equal(ReadStatus.Failed, (await read).Status);
        Assert.Single(cluster.Entry.Reads);
    }

    [Fact]
    public async Task A_read_that_is_no_strict_one_takes_no_refusal_for_a_take_over()
    {
        await using var cluster = new FakeCluster(static services => services.AddSingleton<IKnownView>(Shared(5)));
        cluster.Entry.OnRead = _ => new(Away(LoadProblem.StoreAway) with { Strict = false });

        var read = cluster.Raw.GetAsync(Key).AsTask();

        Assert.True(read.IsCompleted);
        Assert.Equal(ReadStatus.Failed, (await read).Status);
        Assert.Single(cluster.Entry.Reads);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("limiter", false)]
    public async Task A_factory_runs_at_once_unless_a_limit_is_kept(string? limiter, bool runs)
    {
        var view = Shared(5);
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(view.Number < 6 ? Away(LoadProblem.Unproven) : FakeEntry.Hit("1"));

        var value = cluster.Cache.GetOrCreateAsync(Key, static _ => ValueTask.FromResult(7), new EntryOptions { Limiter = limiter }).AsTask();
        Assert.Equal(runs, value.IsCompleted);
        view.Learn(View(6));

        Assert.Equal(runs ? 7 : 1, (await value).Value);
    }

    [Fact]
    public async Task A_read_that_everybody_has_left_waits_for_no_take_over()
    {
        await using var cluster = new FakeCluster(static services => services.AddSingleton<IKnownView>(Shared(5)));
        cluster.Entry.OnRead = _ => new(Away(LoadProblem.Unproven));
        using var leaving = new CancellationTokenSource();
        var read = cluster.Raw.GetAsync(Key, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.Equal(2, cluster.Entry.Reads.Count);

        cluster.Clock.Advance(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(() => cluster.Flights.Count == 0);
        Assert.Equal(3, cluster.Entry.Reads.Count);
    }

    [Fact]
    public async Task An_answer_by_a_newer_view_has_it_looked_for()
    {
        var view = new LearnedView();
        await using var cluster = new FakeCluster(services => services.AddSingleton<IKnownView>(view));
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("1") with { View = 7 });

        await cluster.Cache.GetAsync<int>(Key);

        Assert.Equal(7, view.Heard);
    }

    [Fact]
    public async Task What_a_silo_says_of_a_key_that_is_not_its_own_is_not_told()
    {
        await using var cluster = new FakeCluster();
        var asked = 0;
        cluster.Entry.OnExplain = () => new() { IsRefusal = ++asked < 3, Owner = $"silo-{asked}" };

        Assert.Equal("silo-3", (await cluster.DriveAsync(cluster.Raw.ExplainAsync(Key))).Owner);
    }

    [Fact]
    public async Task A_silo_that_is_away_for_a_moment_is_not_noticed()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => cluster.Entry.Reads.Count < 5 ? throw new SiloUnavailableException("away") : new(FakeEntry.Hit("1"));
        cluster.Entry.OnWrite = w => cluster.Entry.Writes.Count < 5 ? throw new TimeoutException() : new(cluster.Entry.Written(w));

        Assert.Equal(1, (await cluster.DriveAsync(cluster.Cache.GetAsync<int>(Key))).Value);
        Assert.True((await cluster.DriveAsync(cluster.Cache.SetAsync(Key, 2))).Accepted);
        Assert.Single(cluster.Entry.Writes.Select(w => w.OperationId).Distinct());
    }

    [Fact]
    public async Task A_write_under_way_is_asked_for_again_by_the_same_name()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnWrite = w => new(cluster.Entry.Writes.Count switch
        {
            1 => new WriteReply { Status = WriteStatus.AskAgain },
            2 => new WriteReply { Status = WriteStatus.NotOwner },
            _ => cluster.Entry.Written(w),
        });

        Assert.True((await cluster.DriveAsync(cluster.Cache.SetAsync(Key, 2))).Accepted);
        Assert.Single(cluster.Entry.Writes.Select(w => w.OperationId).Distinct());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refusal_says_that_nothing_was_changed_only_when_no_earlier_try_may_have(bool nothing)
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnWrite = _ => new(new WriteReply { Status = nothing || cluster.Entry.Writes.Count > 1 ? WriteStatus.Unavailable : WriteStatus.AskAgain, IsPending = !nothing, RetryAfterMilliseconds = 1_000 });

        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.SetAsync(Key, 2)));

        Assert.Equal((nothing, nothing), (refused.RetryAfter is not null, refused.Message.Contains("nothing was changed", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(nameof(WriteStatus.AskAgain), false, false)]
    [InlineData(nameof(WriteStatus.NotOwner), false, false)]
    [InlineData(nameof(WriteStatus.AskAgain), true, true)]
    [InlineData(nameof(WriteStatus.NotOwner), true, true)]
    [InlineData(null, false, true)]
    public async Task A_change_says_that_an_earlier_try_may_have_had_its_effect_when_one_may(string? first, bool isPending, bool isRepeated)
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnWrite = w => cluster.Entry.Writes.Count > 1 ? new(cluster.Entry.Written(w))
            : first is not null ? new(new WriteReply { Status = Enum.Parse<WriteStatus>(first), IsPending = isPending })
            : throw new SiloUnavailableException("gone");

        await cluster.DriveAsync(cluster.Cache.SetAsync(Key, 2));

        Assert.Equal([false, isRepeated], cluster.Entry.Writes.Select(w => w.IsRepeated));
    }

    [Fact]
    public async Task A_change_of_which_nobody_knows_any_more_fails_in_words()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnWrite = w => w.IsRepeated ? new(new WriteReply { Status = WriteStatus.Doubtful, Detail = "it was long ago" }) : throw new TimeoutException();

        var doubt = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.SetAsync(Key, 2)));

        Assert.Contains("may or may not have happened: an earlier try has no answer, and it was long ago.", doubt.Message, StringComparison.Ordinal);
        Assert.Null(doubt.RetryAfter);
    }

    [Fact]
    public async Task A_change_in_doubt_is_repeated_no_longer_than_owners_remember()
    {
        await using var cluster = new FakeCluster(s => s.Configure<OrleansCacheClientOptions>(o => o.CallTimeout = TimeSpan.FromMinutes(10)));
        cluster.Entry.OnWrite = _ => throw new SiloUnavailableException("refused");

        await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.SetAsync(Key, 1)));

        Assert.InRange(cluster.Clock.GetElapsedTime(0), OperationLimits.Repeated, OperationLimits.Remembered);
    }

    [Fact]
    public async Task Each_operation_has_a_name_of_its_own()
    {
        await using var cluster = new FakeCluster();

        for (var i = 0; i < 10; i++)
            await cluster.Cache.SetAsync(Key, i);

        Assert.Equal(10, cluster.Entry.Writes.Select(w => w.OperationId).Distinct().Count());
        Assert.NotEqual(new OperationIds().Next(), new OperationIds().Next());
    }

    [Fact]
    public async Task After_the_call_timeout_the_caller_learns_what_to_check()
    {
        await using var cluster = new FakeCluster(s => s.Configure<OrleansCacheClientOptions>(o => o.CallTimeout = TimeSpan.FromSeconds(3)));
        cluster.Entry.OnRead = _ => throw new SiloUnavailableException("refused");
        cluster.Entry.OnWrite = _ => throw new SiloUnavailableException("refused");

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1))));
        Assert.Contains("00:00:03", e.Message, StringComparison.Ordinal);
        Assert.Contains("connection string", e.Message, StringComparison.Ordinal);
        Assert.Contains("refused", e.Message, StringComparison.Ordinal);
        Assert.InRange(cluster.Clock.GetElapsedTime(0).TotalSeconds, 3, 3.2);
        e = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.SetAsync(Key, 1)));
        Assert.Contains("refused", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_repetition_that_nobody_answers_ends_with_the_time_of_its_call(bool writes)
    {
        await using var cluster = new FakeCluster(s => s.Configure<OrleansCacheClientOptions>(o => o.CallTimeout = TimeSpan.FromSeconds(3)));
        cluster.Entry.OnRead = _ => cluster.Entry.Reads.Count == 1 ? throw new SiloUnavailableException("gone") : new(new TaskCompletionSource<ReadReply>().Task);
        cluster.Entry.OnWrite = _ => cluster.Entry.Writes.Count == 1 ? throw new SiloUnavailableException("gone") : new(new TaskCompletionSource<WriteReply>().Task);

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(
            () => writes ? cluster.DriveAsync(cluster.Cache.SetAsync(Key, 1)) : (Task)cluster.DriveAsync(cluster.Cache.GetAsync<int>(Key)));

        Assert.Contains("gone", e.Message, StringComparison.Ordinal);
        Assert.InRange(cluster.Clock.GetElapsedTime(0).TotalSeconds, 3, 3.2);
    }

    [Theory]
    [InlineData("refused,gone,", "gone")]
    [InlineData(",", "silence")]
    public async Task The_caller_learns_the_last_fault_that_was_more_than_silence(string faults, string told)
    {
        await using var cluster = new FakeCluster();
        var said = new Queue<string>(faults.Split(','));
        cluster.Entry.OnRead = _ => throw (said.TryDequeue(out var fault) && fault.Length > 0 ? new SiloUnavailableException(fault) : new TimeoutException("silence"));

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.GetAsync<int>(Key)));

        Assert.EndsWith($"Last fault: {told}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_no_silo_owns_is_given_up_after_the_call_timeout()
    {
        await using var cluster = new FakeCluster(s => s.Configure<OrleansCacheClientOptions>(o => o.CallTimeout = TimeSpan.FromSeconds(2.7)));
        cluster.Entry.OnRead = _ => new(cluster.Entry.Reads.Count < 100 ? new ReadReply { Status = ReadStatus.NotOwner } : FakeEntry.Hit("1"));

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.DriveAsync(cluster.Cache.GetAsync<int>(Key), TimeSpan.FromMilliseconds(10)));

        Assert.Contains("No silo owned the key", e.Message, StringComparison.Ordinal);
        Assert.InRange(cluster.Clock.GetElapsedTime(0).TotalSeconds, 2.7, 2.8);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_whose_caller_left_is_not_made_again(bool knowsViews)
    {
        await using var cluster = new FakeCluster(services => _ = knowsViews ? services.AddSingleton<IKnownView>(new LearnedView()) : services);
        using var leaving = new CancellationTokenSource();
        var asked = 0;
        cluster.Entry.OnExplain = () => new() { IsRefusal = ++asked > 0 };
        var call = cluster.Raw.ExplainAsync(Key, leaving.Token).AsTask();
        Assert.Equal((2, 1), (asked, cluster.Clock.ActiveTimers));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        await Eventually.TrueAsync(() => cluster.Clock.ActiveTimers == 0);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_fault_of_the_grain_itself_is_not_repeated()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => throw new InvalidOperationException("bug");

        await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Cache.GetAsync<int>(Key).AsTask());

        Assert.Single(cluster.Entry.Reads);
    }

    [Fact]
    public async Task A_store_that_is_away_refuses_a_write_with_its_time()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnWrite = _ => new(new WriteReply { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 900, Detail = "store" });

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.Cache.SetAsync(Key, 1).AsTask());

        Assert.Equal(TimeSpan.FromMilliseconds(900), e.RetryAfter);
        Assert.Single(cluster.Entry.Writes);
    }

    [Fact]
    public async Task Conditions_and_their_answers_pass_through()
    {
        await using var cluster = new FakeCluster();

        var created = await cluster.Cache.SetAsync(Key, 1, when: WriteCondition.IfAbsent);
        var refused = await cluster.Cache.SetAsync(Key, 2, when: WriteCondition.IfAbsent);
        var changed = await cluster.Cache.SetAsync(Key, 3, when: WriteCondition.IfVersion(created.Version));

        Assert.Equal([new(true, 1), new(false, 1), new(true, 2)], new[] { created, refused, changed });
        Assert.True(await cluster.Cache.RemoveAsync(Key));
        Assert.False(await cluster.Cache.RemoveAsync(Key));
    }

    [Fact]
    public async Task An_explanation_names_the_key_and_leaves_out_what_never_ends()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.Value = FakeEntry.Json("1", 4);

        var known = await cluster.Cache.ExplainAsync(Key);
        var unknown = await cluster.Cache.ExplainAsync(CacheKey.Of("r", "nothing"));

        Assert.Equal(("r", "k", "fresh", 4L, DateTimeOffset.UnixEpoch.AddSeconds(1), null), (known.Region, known.Key, known.State, known.Version, known.LastRetrieved, known.FreshUntil));
        Assert.Equal(("absent", null), (unknown.State, unknown.LastRetrieved));
    }

    [Fact]
    public async Task Tags_are_raised_once_each()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.RemoveByTagAsync(["b", "a", "b"]);
        await cluster.Cache.RemoveByTagAsync([]);

        Assert.Equal(["b", "a"], Assert.Single(cluster.Tags.Raised));
    }

    private static ReadReply Away(string detail) => new() { Status = ReadStatus.Failed, Strict = true, Problem = new() { Kind = ProblemKind.Unavailable, Detail = detail } };

    private static LearnedView Shared(long number)
    {
        var view = new LearnedView();
        view.Learn(View(number));
        return view;
    }

    private static ClusterView View(long number) => new(number, [Member("a"), Member("bb")]);

    private static string? OwnerOf(LearnedView view, string key) => view.Placement.OwnerOf(RoutingHash.Of(key))?.Name;

    private static SiloMember Member(string name) => new(Guid.NewGuid(), $"10.0.0.{name.Length}:11111", 1, name);

    // Lets time pass whenever the call waits for it.
    private static async Task PassAsync(FakeCluster cluster, TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(50);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            await Eventually.TrueAsync(() => cluster.Clock.ActiveTimers > 0);
            cluster.Clock.Advance(step);
        }
        await Eventually.TrueAsync(() => cluster.Clock.ActiveTimers > 0);
    }
}
