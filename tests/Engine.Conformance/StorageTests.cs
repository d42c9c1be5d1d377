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
        Assert.Equal("refused", await (await GrainAsync<IStoredGrain>(mode)).FromOutsideAsync());

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

        Assert.Equal("two 1", await grain.WriteTwiceAsync());
        await grain.LeaveAsync();

        Assert.Equal("two True 1", await grain.GetAsync());
    }
}
