namespace OrleansCache;

public sealed class ErrorTests(Clusters clusters) : ConformanceTests(clusters)
{
    [Theory, MemberData(nameof(Everywhere))]
    public async Task Common_errors_keep_their_type_and_message(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        Assert.Equal("Not now.", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailAsync("state"))).Message);
        Assert.Equal("Too slow.", (await Assert.ThrowsAsync<TimeoutException>(() => grain.FailAsync("timeout"))).Message);
        Assert.Equal("Stopped.", (await Assert.ThrowsAsync<OperationCanceledException>(() => grain.FailAsync("cancelled"))).Message);
        Assert.Equal("The engine says no.", (await Assert.ThrowsAsync<OrleansException>(() => grain.FailAsync("engine"))).Message);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Argument_errors_keep_their_type(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        Assert.StartsWith("That is wrong.", (await Assert.ThrowsAsync<ArgumentException>(() => grain.FailAsync("argument"))).Message, StringComparison.Ordinal);
        Assert.StartsWith("That is too much.", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.FailAsync("range"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => grain.FailAsync("null"));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task An_error_after_an_await_comes_too(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailLaterAsync("state"));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task An_own_exception_keeps_type_message_and_cause(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        var error = await Assert.ThrowsAsync<OrderRefusedException>(() => grain.FailAsync("own"));

        Assert.Equal("No such order.", error.Message);
        Assert.Equal("The cause.", Assert.IsType<InvalidOperationException>(error.InnerException).Message);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_changed_state_is_told_as_such(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        var error = await Assert.ThrowsAsync<InconsistentStateException>(() => grain.FailAsync("etag"));

        Assert.StartsWith("Changed.", error.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<OrleansException>(error);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task An_error_passes_through_a_grain_in_between(Mode mode, bool outside)
    {
        var (first, second) = (await GrainAsync<IFaultyGrain>(mode, outside), await GrainAsync<IFaultyGrain>(mode, outside));

        await Assert.ThrowsAsync<OrderRefusedException>(() => first.FailThroughAsync(second, "own"));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_stack_says_where_in_the_grain_it_was(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailAsync("state"));

        Assert.Contains(nameof(FaultyGrain), error.StackTrace, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_grain_answers_after_it_failed(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IFaultyGrain>(mode, outside);

        for (var n = 0; n < 3; n++)
            await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailLaterAsync("state"));
    }
}
