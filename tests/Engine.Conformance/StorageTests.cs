namespace OrleansCache;

public sealed class StorageTests(Clusters clusters) : ConformanceTests(clusters)
{
    [Theory, MemberData(nameof(Modes))]
    public async Task State_is_read_before_the_first_call_and_empty_when_there_is_none(Mode mode) =>
        Assert.Equal("fresh False ", await (await GrainAsync<IStoredGrain>(mode)).GetAsync());

    [Theory, MemberData(nameof(Modes))]
    public async Task Written_state_is_there_in_the_next_life(Mode mode)
    {
        var grain = await GrainAsync<IStoredGrain>(mode);

        Assert.Equal("1", await grain.SetAsync("one"));
        Assert.Equal("2", await grain.SetAsync("two"));
        await grain.LeaveAsync();

        Assert.Equal("two True 2", await grain.GetAsync());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Cleared_state_is_gone_now_and_in_the_next_life(Mode mode)
    {
        var grain = await GrainAsync<IStoredGrain>(mode);
        await grain.SetAsync("one");

        await grain.ClearAsync();
        Assert.Equal("fresh False ", await grain.GetAsync());
        await grain.LeaveAsync();

        Assert.Equal("fresh False ", await grain.GetAsync());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task A_write_over_a_changed_record_fails(Mode mode)
    {
        var grain = await GrainAsync<IStoredGrain>(mode);
        await grain.SetAsync("one");

        await grain.DisturbAsync();

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.SetAsync("two"));
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task State_is_kept_from_outside_the_grains_turns(Mode mode) =>
        Assert.Equal("refused refused", await (await GrainAsync<IStoredGrain>(mode)).FromOutsideAsync());

    [Theory, MemberData(nameof(Modes))]
    public async Task Two_states_of_a_grain_are_apart(Mode mode)
    {
        var grain = await GrainAsync<IStoredGrain>(mode);

        await grain.SetAsync("mine");
        await grain.OtherAsync("other");
        await grain.LeaveAsync();

        Assert.Equal("other", await grain.OtherAsync(null));
        Assert.Equal("mine True 1", await grain.GetAsync());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Writes_at_once_become_one(Mode mode)
    {
        var grain = await GrainAsync<IStoredGrain>(mode);

        Assert.Equal("two 1", await grain.WriteTwiceAsync(cancelable: false));
        await grain.LeaveAsync();

        Assert.Equal("two True 1", await grain.GetAsync());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Writes_that_can_be_cancelled_stay_apart(Mode mode) =>
        Assert.Equal("two 2", await (await GrainAsync<IStoredGrain>(mode)).WriteTwiceAsync(cancelable: true));

    [Theory, MemberData(nameof(Modes))]
    public async Task Calls_go_to_the_store_one_after_the_other_and_become_one_while_they_wait(Mode mode) =>
        Assert.Equal("write over nothing, write over 1, clear 2", await (await GrainAsync<IStoredGrain>(mode)).WriteWhileWritingAsync());

    [Theory, MemberData(nameof(Modes))]
    public async Task A_token_reaches_the_store(Mode mode) => Assert.Equal(3, await (await GrainAsync<IStoredGrain>(mode)).GiveUpAsync());

    [Theory, MemberData(nameof(Modes))]
    public async Task A_call_that_failed_holds_up_none_behind_it(Mode mode)
    {
        var grain = await GrainAsync<IStoredGrain>(mode);
        await grain.SetAsync("one");
        await grain.DisturbAsync();

        Assert.Equal("True False", await grain.ClearAfterFailureAsync());
    }
}
