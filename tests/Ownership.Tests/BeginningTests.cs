using static OrleansCache.Ownership.Tests.OwnershipStates;

namespace OrleansCache.Ownership.Tests;

/// <summary>Views that begin are waited out.</summary>
public sealed class BeginningTests
{
    [Fact]
    public void Who_finds_no_view_begins_with_one_numbered_by_time_and_has_no_fence_for_a_whole_lease()
    {
        var (state, change) = Look(New, Stored(null) with { StoreTime = 1_700_000_000_123_456 }, 0, 5);

        Assert.Equal((1_700_000_000_123, null, true, true), (change!.Next.Number, change.Expected, change.Begins, change.Next.WaitsOut));
        Assert.Equal(change.Next.Number, change.Next.Beginning);
        state = Published(state, change, 10, 20);
        state = Renewed(state, 3000);
        Assert.False(state.FenceHolds(20 + Outwait - 1));
        Assert.True(state.FenceHolds(20 + Outwait));
        Assert.True(state.Owns(1));
    }

    [Fact]
    public void A_beginning_is_waited_out_once_and_then_says_so()
    {
        var state = Published(New, Look(New, Stored(null), 0, 5).Change!, 10, 20);
        state = Renewed(state, 2000);
        Assert.Null(state.Propose(Stored(state.View), 20 + Outwait - 1));

        var change = state.Propose(Stored(state.View), 20 + Outwait);

        Assert.Equal((2, 1, false, false), (change!.Next.Number, change.Next.Beginning, change.Next.WaitsOut, change.Begins));
        var (late, _) = Look(New, Stored(change.Next, (Me, new(2, 2))), 4000, 4010);
        Assert.Equal(0, late.FenceStart);
    }

    [Fact]
    public void Who_joins_before_a_beginning_was_waited_out_waits_from_when_it_saw_it()
    {
        var began = View(9, Other) with { WaitsOut = true };
        var (state, change) = Look(New, Stored(began, (Other, new(1, 9))), 990, 1000);
        Assert.True(change!.Next.WaitsOut);

        state = Published(state, change, 1500, 1510);

        Assert.False(state.FenceHolds(1000 + Outwait - 1));
        Assert.True(Renewed(state, 2000).FenceHolds(1000 + Outwait));
    }

    [Theory]
    [InlineData(1110, 7)]
    [InlineData(1000 + F, 20)]
    public void Keys_stay_over_a_beginning_only_while_nobody_could_have_outwaited_their_silo(long at, long epoch)
    {
        var serving = Serving(View(7, Me, Other));
        var key = Mine(serving);

        var (state, _) = Look(serving, Stored(View(20, Me, Other) with { Beginning = 20, WaitsOut = true }), at - 10, at);

        Assert.Equal((epoch, epoch == 7), (state.EpochOf(key), state.Owns(key)));
        Assert.False(state.FenceHolds(at));
    }

    [Fact]
    public void Only_a_member_says_that_a_beginning_was_waited_out()
    {
        var began = View(9, Other) with { WaitsOut = true };
        var (state, _) = Look(New, Stored(began, (Other, new(1, 9))), 990, 1000);

        Assert.True(state.Propose(Stored(began), 1000 + Outwait)!.Next.WaitsOut);
    }

    [Fact]
    public void Within_one_beginning_keys_stay_however_long_the_store_was_away()
    {
        var serving = Serving(View(7, Me, Other));
        var key = Mine(serving);

        var (state, _) = Look(serving, Stored(View(8, Me, Other)), 61_000, 61_010);

        Assert.Equal(7, state.EpochOf(key));
    }
}
