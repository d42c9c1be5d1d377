namespace OrleansCache;

public sealed class LifeTests(Clusters clusters) : ConformanceTests(clusters)
{
    [Theory, MemberData(nameof(Modes))]
    public async Task A_grain_is_activated_before_its_first_call_and_once(Mode mode)
    {
        var key = NewKey();
        var grain = await GrainAsync<ILifeGrain>(mode, key: key);

        var identities = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => grain.IdentityAsync()));

        Assert.Single(identities.Distinct());
        var notes = (await Clusters.GetAsync(mode)).Journal.Of(key);
        Assert.Equal("activated " + identities[0], notes[0]);
        Assert.Equal(21, notes.Length);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task A_grain_that_leaves_is_told_why_and_the_next_call_makes_another(Mode mode)
    {
        var key = NewKey();
        var grain = await GrainAsync<ILifeGrain>(mode, key: key);

        var first = await grain.LeaveAsync();
        await UntilAsync(async () => await grain.IdentityAsync() != first, "another activation answers");

        Assert.Contains($"deactivated {first} {DeactivationReasonCode.ApplicationRequested}", (await Clusters.GetAsync(mode)).Journal.Of(key));
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Calls_queued_while_a_grain_leaves_run_in_the_next_life_only(Mode mode)
    {
        var key = NewKey();
        var grain = await GrainAsync<ILifeGrain>(mode, key: key);
        await grain.IdentityAsync();

        var journal = (await Clusters.GetAsync(mode)).Journal;
        var leaving = grain.LeaveAndWaitAsync();
        await UntilAsync(() => Task.FromResult(journal.Of(key).Any(n => n.StartsWith("leaving", StringComparison.Ordinal))), "the grain is leaving");
        var queued = Enumerable.Range(0, 10).Select(_ => grain.IdentityAsync()).ToList();
        var first = await leaving;
        await Task.WhenAll(queued);

        var notes = journal.Of(key);
        var gone = Array.FindIndex(notes, n => n.StartsWith("deactivated " + first, StringComparison.Ordinal));
        Assert.DoesNotContain(notes.Skip(Array.IndexOf(notes, "leaving " + first)), n => n == "called " + first);
        Assert.StartsWith("activated", notes[gone + 1], StringComparison.Ordinal);
        Assert.Equal(10, notes.Skip(gone + 1).Count(n => n.StartsWith("called", StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task A_failed_activation_fails_the_call_and_the_next_call_tries_anew(Mode mode)
    {
        var key = NewKey();
        var grain = await GrainAsync<IFailingGrain>(mode, key: key);

        await Assert.ThrowsAnyAsync<Exception>(() => grain.IdentityAsync());
        await UntilAsync(async () =>
        {
            try
            {
                return await grain.IdentityAsync() is { Length: > 0 };
            }
            catch (OrleansException)
            {
                return false;
            }
        }, "the second activation answers");

        Assert.Equal(2, (await Clusters.GetAsync(mode)).Journal.Of(key).Length);
    }

    [Fact]
    public async Task An_idle_grain_is_collected_and_one_that_asked_to_stay_is_not()
    {
        var cluster = await Clusters.GetAsync(new TestClusterSettings { CollectionAge = TimeSpan.FromSeconds(2) });
        var (idleKey, stayingKey) = (NewKey(), NewKey());
        var (idle, staying) = (cluster.Client.GetGrain<ILifeGrain>(idleKey), cluster.Client.GetGrain<ILifeGrain>(stayingKey));

        await idle.IdentityAsync();
        await staying.StayAsync(TimeSpan.FromHours(1));
        await UntilAsync(() => Task.FromResult(cluster.Journal.Of(idleKey).Any(n => n.EndsWith($"{DeactivationReasonCode.ActivationIdle}", StringComparison.Ordinal))), "the idle grain is collected");

        Assert.DoesNotContain(cluster.Journal.Of(stayingKey), n => n.StartsWith("deactivated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_grain_that_left_is_let_go_long_before_its_collection_age()
    {
        var cluster = await Clusters.GetAsync(Mode.Plain);
        var key = NewKey();
        var first = await cluster.Client.GetGrain<ILifeGrain>(key).LeaveAsync();
        await UntilAsync(async () => await cluster.Client.GetGrain<ILifeGrain>(key).IdentityAsync() != first, "another activation answers");

        await UntilAsync(() =>
        {
            GC.Collect();
            return Task.FromResult(!cluster.Journal.FirstLives[key].IsAlive);
        }, "the garbage collector takes the first one");
    }

    [Fact]
    public async Task A_silo_that_stops_deactivates_its_grains()
    {
        var cluster = await TestCluster.StartAsync(new());
        var journal = cluster.Journal;
        var key = NewKey();
        await cluster.Client.GetGrain<ILifeGrain>(key).IdentityAsync();

        await cluster.DisposeAsync();

        Assert.EndsWith($"{DeactivationReasonCode.ShuttingDown}", journal.Of(key)[^1], StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task A_timer_ticks_in_the_grains_own_turns_until_it_is_disposed(Mode mode)
    {
        var grain = await GrainAsync<ILifeGrain>(mode);

        await grain.TickAsync(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), interleave: false);
        await UntilAsync(async () => await grain.TicksAsync() >= 3, "three ticks");
        await grain.StopTimerAsync();
        var after = await grain.TicksAsync();

        Assert.True(await grain.TimerRunsInContextAsync());
        Assert.Equal(0, await grain.TicksWhileWaitingAsync(TimeSpan.FromMilliseconds(30)));
        Assert.Equal(after, await grain.TicksAsync());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task A_tick_waits_for_the_call_under_way_unless_it_interleaves(Mode mode)
    {
        var (waits, interleaves) = (await GrainAsync<ILifeGrain>(mode), await GrainAsync<ILifeGrain>(mode));

        await waits.TickAsync(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(5), interleave: false);
        await interleaves.TickAsync(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(5), interleave: true);

        Assert.Equal(0, await waits.TicksWhileWaitingAsync(TimeSpan.FromMilliseconds(150)));
        Assert.True(await interleaves.TicksWhileWaitingAsync(TimeSpan.FromMilliseconds(150)) > 0);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task A_timer_with_an_endless_period_ticks_once_until_it_is_changed(Mode mode)
    {
        var grain = await GrainAsync<ILifeGrain>(mode);

        await grain.TickAsync(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan, interleave: false);
        await UntilAsync(async () => await grain.TicksAsync() == 1, "the tick");
        Assert.Equal(0, await grain.TicksWhileWaitingAsync(TimeSpan.FromMilliseconds(30)));
        await grain.ChangeTimerAsync(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);

        await UntilAsync(async () => await grain.TicksAsync() == 2, "the tick after the change");
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Timers_end_with_the_activation(Mode mode)
    {
        var key = NewKey();
        var grain = await GrainAsync<ILifeGrain>(mode, key: key);
        await grain.TickAsync(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), interleave: true);
        await UntilAsync(async () => await grain.TicksAsync() >= 2, "two ticks");

        var first = await grain.LeaveAsync();
        await UntilAsync(async () => await grain.IdentityAsync() != first, "another activation answers");
        var cluster = await Clusters.GetAsync(mode);
        var gone = cluster.Journal.Of(key);
        await grain.TicksWhileWaitingAsync(TimeSpan.FromMilliseconds(30));

        Assert.Equal(gone.Count(n => n == "tick"), cluster.Journal.Of(key).Count(n => n == "tick"));
        Assert.Equal(0, await grain.TicksAsync());
    }
}
