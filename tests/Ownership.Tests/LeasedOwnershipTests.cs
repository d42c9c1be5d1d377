using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Ownership.Tests;

/// <summary>The shell around the rules, under a clock driven by hand and a store in memory.</summary>
public sealed class LeasedOwnershipTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StoreInMemory _store = new();
    private readonly ManualCoarseClock _coarse;

    public LeasedOwnershipTests() => _coarse = new(_time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_paused_beyond_its_lease_finds_out_before_it_answers_and_renews_when_nobody_took_over()
    {
        await using var silo = await FencedAsync("a");
        _coarse.Pause = 10_000;
        Assert.False(silo.FenceHolds);
        var view = silo.View;
        await RunUntilAsync(() => silo.FenceHolds);

        Assert.Equal(view, silo.View);
    }

    [Fact]
    public async Task A_silo_that_cannot_renew_loses_the_fence_and_has_it_again_afterwards()
    {
        await using var silo = await FencedAsync("a");

        _store.IsAway = true;
        await RunUntilAsync(() => !silo.FenceHolds);
        _store.IsAway = false;

        await RunUntilAsync(() => silo.FenceHolds);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_asks_a_store_that_does_not_answer_again_until_it_does(bool itTellsOfNoViewsEither)
    {
        await using var silo = Create("a");
        _store.IsAway = itTellsOfNoViewsEither;
        _store.Cut("a");
        var starting = silo.StartAsync(Cancellation);

        await RunForAsync(LeasedOwnership.StartLimit - TimeSpan.FromSeconds(1));
        Assert.False(starting.IsCompleted);
        _store.IsAway = false;
        _store.Mend("a");

        await RunUntilAsync(() => starting.IsCompleted);
        await starting;
        Assert.True(silo.Owns(1));
    }

    [Fact]
    public async Task A_start_that_is_given_up_is_not_waited_for_and_ends_with_the_silo()
    {
        var silo = Create("a");
        _store.IsAway = true;
        using var giveUp = new CancellationTokenSource();
        _ = silo.StartAsync(Cancellation);
        var starting = silo.StartAsync(giveUp.Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Eventually.Deadline, TimeProvider.System, Cancellation));
        await silo.DisposeAsync();
        _store.IsAway = false;
        await RunForAsync(TimeSpan.FromSeconds(2));
        Assert.Null(_store.View);
    }

    [Fact]
    public async Task A_silo_that_ends_while_it_starts_leaves_nothing_behind()
    {
        var silo = Create("a");
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.BeforeListening = listens.Task;
        _ = silo.StartAsync(Cancellation);

        var ending = silo.DisposeAsync().AsTask();
        await RunForAsync(LeasedOwnership.LeaveSpan + TimeSpan.FromSeconds(1));
        Assert.False(ending.IsCompleted);
        listens.SetResult();

        await ending;
        Assert.Equal(0, _store.Listeners);
        Assert.Null(_store.View);
    }

    [Fact]
    public async Task A_start_whose_store_stays_away_is_refused_with_what_the_store_said()
    {
        await using var silo = Create("a");
        _store.IsAway = true;

        var refused = await DriveAsync(silo.StartAsync(Cancellation));

        Assert.Contains("'test' could not be asked for: The store is away.", refused.Message, StringComparison.Ordinal);
        Assert.InRange(_time.GetElapsedTime(0), LeasedOwnership.StartLimit, LeasedOwnership.StartLimit + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_fence_counts_from_before_the_renewal_was_sent()
    {
        await using var silo = await FencedAsync("a");
        _store.OnCall = () => { _coarse.Pause += 2000; _store.OnCall = () => { }; };
        var paused = _coarse.Pause;
        await RunUntilAsync(() => _coarse.Pause > paused && silo.FenceHolds);

        _coarse.Pause += 1000;

        Assert.False(silo.FenceHolds);
    }

    [Fact]
    public async Task A_second_silo_joins_and_both_serve_their_share_at_once()
    {
        await using var first = await FencedAsync("a");
        var joined = _time.GetTimestamp();
        await using var second = await StartedAsync("b");

        await RunUntilAsync(() => Serves(second).Length > 0 && Serves(first).Length + Serves(second).Length == 1000);

        Assert.InRange(Serves(second).Length, 400, 600);
        Assert.Empty(Serves(first).Intersect(Serves(second)));
        Assert.True(first.FenceHolds && second.FenceHolds);
        Assert.InRange(_time.GetElapsedTime(joined).TotalMilliseconds, 0, 500);
        Assert.Equal(second.View, second.EpochOf(Serves(second)[0]));
        Assert.NotEqual(second.View, first.EpochOf(Serves(first)[0]));
    }

    [Fact]
    public async Task A_gained_key_is_waited_for_until_the_former_owner_has_let_it_go()
    {
        await using var first = Create("a");
        var letGo = new TaskCompletionSource();
        first.Add(new Work(letGo.Task));
        await FencedAsync(first);
        await using var second = await StartedAsync("b");
        await RunUntilAsync(() => first.View == second.View);
        var gained = Keys().First(second.IsPlacedHere);

        Assert.False(first.Owns(gained));
        var brief = second.WaitToOwnAsync(gained, TimeSpan.FromMilliseconds(100), Cancellation).AsTask();
        var patient = second.WaitToOwnAsync(gained, TimeSpan.FromMinutes(1), Cancellation).AsTask();
        await RunUntilAsync(() => brief.IsCompleted);
        Assert.False(await brief);
        Assert.False(patient.IsCompleted);
        Assert.False(await second.WaitToOwnAsync(Keys().First(first.IsPlacedHere), TimeSpan.FromMinutes(1), Cancellation));

        letGo.SetResult();
        await RunUntilAsync(() => patient.IsCompleted);
        Assert.True(await patient);
    }

    [Fact]
    public async Task A_silo_that_does_not_come_to_an_end_with_its_keys_keeps_the_others_waiting_for_its_deadline_only()
    {
        await using var first = Create("a");
        first.Add(new Work(new TaskCompletionSource().Task));
        await FencedAsync(first);
        var joined = _time.GetTimestamp();
        await using var second = await StartedAsync("b");

        await RunUntilAsync(() => Serves(second).Length > 0);

        Assert.InRange(_time.GetElapsedTime(joined), LeasedOwnership.SealSpan, LeasedOwnership.SealSpan + TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public async Task The_keys_of_a_silo_that_leaves_are_served_by_the_others_before_it_is_gone()
    {
        await using var first = await FencedAsync("a");
        await using var second = await StartedAsync("b");
        await RunUntilAsync(() => Serves(second).Length > 0);

        var leaving = second.LeaveAsync(Cancellation);
        await RunUntilAsync(() => leaving.IsCompleted);
        await leaving;

        Assert.Empty(Serves(second));
        await RunUntilAsync(() => Serves(first).Length == 1000);
        Assert.Equal(["a"], _store.View!.Members.Select(member => member.Name));
    }

    [Fact]
    public async Task The_keys_of_a_silo_that_vanished_are_served_within_a_look_its_lease_and_a_moment()
    {
        await using var first = await FencedAsync("a");
        await using var second = await StartedAsync("b");
        await RunUntilAsync(() => Serves(second).Length > 0 && Serves(first).Length + Serves(second).Length == 1000);
        _store.Cut("b");
        var cut = _time.GetTimestamp();

        await RunUntilAsync(() => Serves(first).Length == 1000, TimeSpan.FromMilliseconds(10));

        Assert.False(second.FenceHolds);
        Assert.InRange(_time.GetElapsedTime(cut).TotalMilliseconds, 2000, 1000 + 3046 + 200);
        _store.Mend("b");
        await RunUntilAsync(() => Serves(second).Length > 0);
        Assert.Equal(second.View, second.EpochOf(Serves(second)[0]));
    }

    [Fact]
    public async Task A_hint_is_enough_to_look_at_once_and_none_is_needed()
    {
        await using var first = await FencedAsync("a");
        _store.Tells = false;
        await using var second = await StartedAsync("b");
        Assert.True(first.View < second.View);

        var calls = _store.Calls;
        first.Hint(first.View);
        first.Hint(second.View);
        await Eventually.TrueAsync(() => first.View == second.View, cancellationToken: Cancellation);

        Assert.InRange(_store.Calls - calls, 1, 3);
        await using var third = await StartedAsync("c");
        await RunUntilAsync(() => first.View == third.View);
    }

    [Fact]
    public async Task Over_a_store_that_was_emptied_keys_stay_where_they_are_and_wait_for_a_new_fence()
    {
        await using var first = await FencedAsync("a");
        await using var second = await StartedAsync("b");
        await RunUntilAsync(() => Serves(second).Length > 0 && Serves(first).Length + Serves(second).Length == 1000 && second.FenceHolds);
        var (keys, epoch) = (Serves(first), first.EpochOf(Serves(first)[0]));

        _store.Flush();
        await RunUntilAsync(() => !first.FenceHolds);
        Assert.Equal(keys, Serves(first));
        await RunUntilAsync(() => first.FenceHolds && second.FenceHolds && first.View == second.View);

        Assert.Equal(keys, Serves(first));
        Assert.Equal(epoch, first.EpochOf(keys[0]));
    }

    [Fact]
    public async Task Over_a_store_that_was_restarted_views_begin_anew()
    {
        await using var silo = await FencedAsync("a");
        var view = silo.View;

        _store.Restart();
        await RunUntilAsync(() => silo.View > view + 1 && silo.FenceHolds);

        Assert.False(_store.View!.WaitsOut);
    }

    [Fact]
    public async Task A_silo_whose_place_was_taken_ends()
    {
        await using var first = await FencedAsync("a");
        StartRefusedException? refused = null;
        first.Refused += refusal => refused = refusal;

        await using var second = await StartedAsync("a");
        await RunUntilAsync(() => refused is not null && Serves(second).Length == 1000);

        Assert.Contains("joined cluster id 'test' at this one's address a.", refused!.Message, StringComparison.Ordinal);
        Assert.Empty(Serves(first));
    }

    [Fact]
    public async Task Changes_are_told()
    {
        await using var first = await FencedAsync("a");
        var told = 0;
        first.Changed += () => Interlocked.Increment(ref told);

        await using var second = await StartedAsync("b");
        await RunUntilAsync(() => Serves(second).Length > 0);
        await RunUntilAsync(() => Volatile.Read(ref told) >= 2);

        Assert.Equal(["a", "b"], first.Placement.Members.Select(member => member.Name));
    }

    [Fact]
    public async Task A_stable_cluster_asks_once_a_second_and_silo()
    {
        await using var first = await FencedAsync("a");
        await using var second = await StartedAsync("b");
        await RunUntilAsync(() => Serves(second).Length > 0 && Serves(first).Length + Serves(second).Length == 1000 && !_store.View!.WaitsOut);
        await RunForAsync(TimeSpan.FromSeconds(2));

        var calls = _store.Calls;
        await RunForAsync(TimeSpan.FromSeconds(10));

        Assert.InRange(_store.Calls - calls, 16, 21);
    }

    [Fact]
    public async Task A_store_that_is_away_is_asked_again_five_times_a_second()
    {
        await using var silo = await FencedAsync("a");
        _store.IsAway = true;
        var looks = await LooksAsync();

        await PassAsync(() => looks.Count == 6);
        _store.IsAway = false;

        Assert.Equal([200, 200, 200, 200], Gaps(looks).Skip(1));
    }

    [Fact]
    public async Task Who_waits_for_a_seal_looks_soon_and_then_less_often_until_a_further_change_or_a_lease_may_be_outwaited()
    {
        await using var silo = await FencedAsync("a");
        var looks = await JoinAsync(silo, "b");
        var began = looks[0];
        await PassAsync(() => looks.Count == 7);
        Assert.Equal([0, 80, 160, 200, 200, 200], Gaps(looks));

        looks = await JoinAsync(silo, "c");
        await PassAsync(() => looks.Count == 3);
        Assert.Equal([0, 80], Gaps(looks));

        await PassAsync(() => silo.Placement.Members.Length == 2);
        Assert.Contains(looks, at => at - began is >= 3046 and <= 3050);
    }

    [Fact]
    public async Task At_rest_the_store_is_asked_each_second_and_when_a_lease_may_be_outwaited()
    {
        await using var silo = await FencedAsync("a");
        await JoinAsync(silo, "b");
        await SealAsync("b");

        var looks = await LooksAsync();
        await PassAsync(() => silo.Placement.Members.Length == 1);

        Assert.Equal([1000, 1000, 1000], Gaps(looks).Take(3));
        Assert.InRange(Gaps(looks)[3], 46, 50);
    }

    [Fact]
    public async Task Who_could_not_begin_anew_over_a_lost_store_looks_again_soon()
    {
        await using var silo = await FencedAsync("a");
        var looks = await JoinAsync(silo, "b");
        await PassAsync(() => looks.Count == 5);
        await SealAsync("b");
        looks = await LooksAsync();
        await PassAsync(() => looks.Count == 2);

        looks = await LooksAsync();
        var record = _store.OnCall;
        _store.OnCall = () =>
        {
            record();
            if (looks.Count == 2)       // it is about to publish
                _ = _store.For("c").PublishAsync(new(new(1, [Member("c")], 1, WaitsOut: true), null, [], 1, Begins: true), Guid.Empty, Cancellation).AsTask();
        };
        _store.Flush();
        await PassAsync(() => looks.Count >= 4);

        Assert.Equal([0, 0, 40], Gaps(looks).Take(3));
    }

    [Fact]
    public async Task A_silo_that_stops_while_the_store_is_away_has_no_fence_and_no_key_from_then_on()
    {
        var silo = await FencedAsync("a");
        _store.IsAway = true;
        var stop = silo.DisposeAsync().AsTask();
        await RunUntilAsync(() => stop.IsCompleted);
        await stop;
        var calls = _store.Calls;
        _coarse.Pause = -(long)_time.GetElapsedTime(0).TotalMilliseconds;

        Assert.False(silo.FenceHolds || silo.Owns(1));
        await RunForAsync(TimeSpan.FromSeconds(10));
        await silo.DisposeAsync();
        Assert.Equal(calls, _store.Calls);
    }

    [Fact]
    public async Task A_hint_of_a_view_that_is_known_or_was_told_already_makes_no_look()
    {
        await using var silo = await FencedAsync("a");
        await RunForAsync(TimeSpan.FromSeconds(1));
        var calls = _store.Calls;
        await RunUntilAsync(() => _store.Calls > calls);
        calls = _store.Calls;

        silo.Hint(silo.View);
        silo.Hint(silo.View - 1);
        await RunForAsync(TimeSpan.FromMilliseconds(300));
        Assert.Equal(calls, _store.Calls);

        silo.Hint(silo.View + 1);
        await RunForAsync(TimeSpan.FromMilliseconds(300));
        silo.Hint(silo.View + 1);
        await RunForAsync(TimeSpan.FromMilliseconds(300));
        Assert.Equal(calls + 1, _store.Calls);
    }

    [Fact]
    public async Task Waiting_for_the_fence_ends_when_it_holds_or_at_the_limit()
    {
        await using var silo = await StartedAsync("a");
        var brief = silo.WaitForFenceAsync(TimeSpan.FromMilliseconds(100), Cancellation).AsTask();
        var wait = silo.WaitForFenceAsync(TimeSpan.FromMinutes(1), Cancellation).AsTask();

        await RunUntilAsync(() => wait.IsCompleted);

        Assert.False(await brief);
        Assert.True(await wait);
    }

    [Fact]
    public async Task A_silo_that_does_not_understand_those_who_serve_is_refused_and_they_go_on()
    {
        await using var first = await FencedAsync("a");
        var view = first.View;
        await using var second = Create("b", "another");

        var refused = await DriveAsync(second.StartAsync(Cancellation));

        Assert.Contains("is served by a (pid", refused.Message, StringComparison.Ordinal);
        Assert.Contains("that is engine x, formats 1, while this silo is another", refused.Message, StringComparison.Ordinal);
        await RunForAsync(TimeSpan.FromSeconds(5));
        Assert.Equal((view, true), (first.View, first.FenceHolds));
    }

    [Fact]
    public async Task A_silo_takes_the_place_of_one_that_it_does_not_understand_when_that_is_dead()
    {
        var first = await FencedAsync("a");
        _store.Cut("a");
        await using var second = Create("b", "another");
        var began = _time.GetTimestamp();
        var starting = second.StartAsync(Cancellation);

        await RunUntilAsync(() => starting.IsCompleted);
        await starting;
        Assert.Equal("b", Assert.Single(second.Placement.Members).Name);
        Assert.True(_time.GetElapsedTime(began) >= LeasedOwnership.DefaultSpan);

        StartRefusedException? told = null;
        first.Refused += refusal => told = refusal;
        _store.Mend("a");
        await RunUntilAsync(() => told is not null);
        Assert.Contains("is served by b", told!.Message, StringComparison.Ordinal);
        Assert.False(first.FenceHolds || first.Owns(1));
        await first.DisposeAsync();
    }

    private async Task<StartRefusedException> DriveAsync(Task starting)
    {
        await RunUntilAsync(() => starting.IsCompleted);
        return await Assert.ThrowsAsync<StartRefusedException>(() => starting);
    }

    private static IEnumerable<ulong> Keys() => Enumerable.Range(1, 1000).Select(key => RoutingHash.Mix((ulong)key));

    private static ulong[] Serves(LeasedOwnership silo) => [.. Keys().Where(silo.Owns)];

    private LeasedOwnership Create(string name, string dialect = "engine x, formats 1") => new(
        name, "test", dialect, _store.For(name), new SampledClusterClock(_time), _coarse, _time, NullLogger<LeasedOwnership>.Instance);

    private Task<LeasedOwnership> FencedAsync(string name) => FencedAsync(Create(name));

    private async Task<LeasedOwnership> FencedAsync(LeasedOwnership silo)
    {
        await silo.StartAsync(Cancellation);
        await RunUntilAsync(() => silo.FenceHolds && silo is { Placement.View.WaitsOut: false });
        return silo;
    }

    private async Task<LeasedOwnership> StartedAsync(string name)
    {
        var silo = Create(name);
        await silo.StartAsync(Cancellation);
        return silo;
    }

    private Task RunUntilAsync(Func<bool> condition, TimeSpan? step = null) => Eventually.TrueAsync(
        () =>
        {
            if (condition())
                return true;
            _time.Advance(step ?? TimeSpan.FromMilliseconds(50));
            return false;
        },
        cancellationToken: Cancellation);

    private Task RunForAsync(TimeSpan span)
    {
        var end = _time.GetTimestamp() + span.Ticks;
        return RunUntilAsync(() => _time.GetTimestamp() >= end);
    }

    // A member that does no more than the test has it do. The looks from then on: at the change, and at the silo's own seal.
    private async Task<List<long>> JoinAsync(LeasedOwnership silo, string name)
    {
        await RestAsync();
        var (member, view) = (Member(name), _store.View!);
        _store.Tells = false;
        await _store.For(name).PublishAsync(
            new(view with { Number = view.Number + 1, Members = view.Members.Add(member) }, view.Number, [], 0, Begins: false), member.Incarnation, Cancellation);
        var looks = await LooksAsync();
        silo.Hint(view.Number + 1);
        await Eventually.TrueAsync(() => looks.Count == 2, cancellationToken: Cancellation);
        return looks;
    }

    private async Task SealAsync(string name)
    {
        await RestAsync();
        await _store.For(name).RenewAsync(_store.View!.Number, _store.View.Members.First(member => member.Name == name).Incarnation, _store.View.Number, Cancellation);
    }

    private static SiloMember Member(string name) => new(Guid.NewGuid(), name, 1, "host", Dialect: "engine x, formats 1");

    // The instants, in milliseconds, at which the store is asked from now on.
    private async Task<List<long>> LooksAsync()
    {
        await RestAsync();
        var looks = new List<long>();
        _store.OnCall = () => looks.Add(_coarse.Milliseconds);
        return looks;
    }

    private static long[] Gaps(List<long> looks) => [.. looks.Skip(1).Zip(looks, static (later, earlier) => later - earlier)];

    private Task RestAsync() => Eventually.TrueAsync(() => _time.ActiveTimers > 0, cancellationToken: Cancellation);

    // The one silo there is waits for the clock before it moves.
    private Task PassAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            for (var steps = 0; steps < 100 && !condition(); steps++)
            {
                if (_time.ActiveTimers > 0)
                    _time.Advance(TimeSpan.FromMilliseconds(10));
                Thread.Yield();
            }
            return condition();
        },
        cancellationToken: Cancellation);

    private sealed class Work(Task letGo) : ISealWork
    {
        public Task LetGoAsync(Placement placement, CancellationToken deadline) => placement.Members.Count(member => !member.IsLeaving) < 2 ? Task.CompletedTask : letGo;
    }

    private sealed class ManualCoarseClock(TimeProvider time) : CoarseClock
    {
        // Time that passed while no timer fired.
        public long Pause { get; set; }

        public override long Milliseconds => Pause + (time.GetTimestamp() * 1000 / time.TimestampFrequency);
    }
}
