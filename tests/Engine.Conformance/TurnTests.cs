namespace OrleansCache;

public sealed class TurnTests(Clusters clusters) : ConformanceTests(clusters)
{
    [Theory, MemberData(nameof(Everywhere))]
    public async Task Calls_of_a_plain_grain_run_one_after_the_other(Mode mode, bool outside)
    {
        var grain = await GrainAsync<ITurnGrain>(mode, outside);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => grain.StepAsync($"{n}", 5)));

        var log = await grain.LogAsync();
        Assert.Equal(40, log.Count);
        for (var n = 0; n < 40; n += 5)
            Assert.Single(log.Skip(n).Take(5).Distinct());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Calls_of_a_reentrant_grain_interleave_and_never_run_at_once(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IReentrantTurnGrain>(mode, outside);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(n => grain.StepAsync($"{n}", 50)));

        var log = await grain.LogAsync();
        Assert.Equal(800, log.Count);
        Assert.DoesNotContain("TWO THREADS", log);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_reentrant_grain_answers_while_a_call_waits(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IReentrantTurnGrain>(mode, outside);
        var waiting = grain.WaitAsync();

        Assert.True(await grain.CountAsync() > 0);
        Assert.False(waiting.IsCompleted);
        await grain.OpenAsync();

        await waiting;
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_plain_grain_does_not_answer_while_a_call_waits_but_for_methods_that_always_interleave(Mode mode, bool outside)
    {
        var grain = await GrainAsync<ITurnGrain>(mode, outside);
        var waiting = grain.WaitAsync();
        await UntilAsync(grain.IsWaitingAsync, "the call waits");

        var blocked = grain.CountAsync();
        for (var n = 0; n < 20; n++)
            Assert.True(await grain.IsWaitingAsync());
        Assert.False(blocked.IsCompleted);
        await grain.OpenAsync();

        await waiting;
        Assert.Equal(1, await blocked);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task What_follows_an_await_is_a_turn_of_the_same_scheduler(Mode mode, bool outside) =>
        Assert.True(await (await GrainAsync<ITurnGrain>(mode, outside)).StaysInContextAsync());

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Task_Run_leaves_the_grain_and_the_await_comes_back(Mode mode, bool outside) =>
        Assert.Equal("True True", await (await GrainAsync<ITurnGrain>(mode, outside)).TaskRunLeavesAsync());

    [Theory, MemberData(nameof(Modes))]
    public async Task A_circle_of_reentrant_grains_comes_round(Mode mode)
    {
        var (a, b) = (await GrainAsync<IReentrantTurnGrain>(mode), await GrainAsync<IReentrantTurnGrain>(mode));

        await a.CallBackAsync(b, 6);

        Assert.Equal(5, await a.CountAsync());
    }

    [Fact]
    public async Task A_circle_of_plain_grains_ends_in_a_timeout()
    {
        var cluster = await Clusters.GetAsync(new TestClusterSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        var (a, b) = (cluster.Client.GetGrain<ITurnGrain>(NewKey()), cluster.Client.GetGrain<ITurnGrain>(NewKey()));

        await Assert.ThrowsAsync<TimeoutException>(() => a.CallBackAsync(b, 2));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_token_ends_the_callers_wait_and_reaches_the_running_call(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IReentrantTurnGrain>(mode, outside);
        using var cancellation = new CancellationTokenSource();
        var call = grain.CancelAsync(cancellation.Token);
        await UntilAsync(grain.IsWaitingAsync, "the call runs");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await UntilAsync(async () => await grain.OutcomeAsync() == "cancelled", "the grain saw it");
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_cancellation_is_delivered_as_a_turn(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IReentrantTurnGrain>(mode, outside);
        using var cancellation = new CancellationTokenSource();
        var call = grain.CancelledInTurnAsync(cancellation.Token);
        await UntilAsync(grain.IsWaitingAsync, "the call runs");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await UntilAsync(async () => await grain.OutcomeAsync() == "in turn: True", "the grain's callback ran as a turn");
        await grain.OpenAsync();
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_end_of_a_call_cancels_nothing_that_it_left_running(Mode mode, bool outside)
    {
        var grain = await GrainAsync<ITurnGrain>(mode, outside);
        using var cancellation = new CancellationTokenSource();

        await grain.KeepTokenAsync(cancellation.Token);

        Assert.False(await grain.IsKeptCancelledAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_cancelled_token_keeps_the_call_from_being_made(Mode mode, bool outside)
    {
        var grain = await GrainAsync<ITurnGrain>(mode, outside);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.CancelAsync(new CancellationToken(canceled: true)));

        Assert.False(await grain.IsWaitingAsync());
    }
}
