using static OrleansCache.Ownership.Tests.OwnershipStates;

namespace OrleansCache.Ownership.Tests;

/// <summary>Silos that join and leave, and which keys they may serve meanwhile.</summary>
public sealed class MembershipTests
{
    [Fact]
    public void A_join_needs_no_wait_but_gained_keys_wait_for_all_seals()
    {
        var (state, change) = Look(New, Stored(View(7, Other, Third), (Other, new(4, 7)), (Third, new(9, 7))), 0, 5);
        Assert.Equal((8, 7, false), (change!.Next.Number, change.Expected, change.Begins));
        Assert.Equal([Other, Third, Me], change.Next.Members);

        state = Published(state, change, 10, 20, (Other, new(4, 7)), (Third, new(9, 7)));
        Assert.True(state.FenceHolds(20));
        Assert.True(state.IsPlacedHere(Mine(state)));
        Assert.False(state.Owns(Mine(state)));

        (state, _) = Look(state, Stored(state.View, (Me, new(2, 8)), (Other, new(5, 8)), (Third, new(9, 7))), 30, 40);
        Assert.False(state.Owns(Mine(state)));
        (state, _) = Look(state, Stored(state.View, (Me, new(2, 8)), (Other, new(5, 8)), (Third, new(10, 8))), 50, 60);
        Assert.True(state.Owns(Mine(state)));
        Assert.Equal(8, state.EpochOf(Mine(state)));
    }

    [Fact]
    public void Keys_that_moved_away_are_not_served_from_the_look_on_and_the_others_go_on()
    {
        var alone = Serving(View(7, Me));
        var (state, _) = Look(alone, Stored(View(8, Me, Other), (Me, new(2, 7)), (Other, new(1, 8))), 1000, 1010);

        Assert.True(state.MustSeal);
        Assert.False(state.IsSettled);
        Assert.True(state.Owns(Mine(state)));
        Assert.Equal(7, state.EpochOf(Mine(state)));
        Assert.False(state.Owns(OthersKey(state)));
        Assert.False(state.Gave(8).MustSeal);
    }

    [Fact]
    public void A_key_that_comes_back_before_its_loss_was_sealed_was_never_lost()
    {
        var (state, _) = Look(Serving(View(7, Me)), Stored(View(8, Me, Other), (Me, new(2, 7)), (Other, new(1, 8))), 1000, 1010);
        var key = OthersKey(state);

        (state, _) = Look(state, Stored(View(9, Me), (Me, new(3, 7))), 1100, 1110);

        Assert.False(state.Owns(key));
        (state, _) = Look(state.Gave(9), Stored(View(9, Me), (Me, new(4, 9))), 1200, 1210);
        Assert.True(state.Owns(key));
        Assert.Equal(9, state.EpochOf(key));
    }

    [Fact]
    public void Who_leaves_marks_itself_seals_and_only_then_is_gone()
    {
        var state = Serving(View(7, Me, Other)) with { IsLeaving = true };
        var marked = state.Propose(Stored(state.View), 1010)!.Next;
        Assert.Equal([Me with { IsLeaving = true }, Other], marked.Members);
        Assert.False(state.HasLeft);

        (state, var change) = Look(state, Stored(marked, (Me, new(2, 7)), (Other, new(2, 7))), 1100, 1110);
        Assert.Null(change);
        Assert.False(state.Owns(1));
        Assert.False(state.HasLeft || state.IsDisplaced);

        change = state.Gave(8).Propose(Stored(marked), 1200);
        Assert.Equal([Other], change!.Next.Members);
        (state, change) = Look(state.Gave(8), Stored(change.Next, (Other, new(3, 8))), 1300, 1310);
        Assert.Null(change);
        Assert.True(state.HasLeft);
    }

    [Fact]
    public void Who_was_removed_drops_everything_and_joins_again_as_new()
    {
        var (state, change) = Look(Serving(View(7, Me, Other)), Stored(View(8, Other), (Other, new(9, 8))), 1100, 1110);

        Assert.False(state.FenceHolds(1110));
        Assert.Equal((8, false), (state.View.Number, state.Owns(1)));
        Assert.Equal((9, 9), (change!.Next.Number, change.Sealed));
        state = Published(state, change, 1200, 1210, (Other, new(9, 8)));
        Assert.False(state.Owns(Mine(state)));
        Assert.Equal(9, state.EpochOf(Mine(state)));
    }

    [Fact]
    public void A_silo_at_the_place_of_one_that_vanished_takes_its_keys_when_its_lease_is_outwaited()
    {
        var former = Me with { Incarnation = Guid.NewGuid() };
        var (state, change) = Look(New, Stored(View(7, former), (former, new(5, 7))), 0, 10);

        Assert.Equal([former with { IsLeaving = true }, Me], change!.Next.Members);
        state = Published(state, change, 20, 30, (former, new(5, 7)));
        Assert.True(state.IsPlacedHere(1));
        Assert.False(state.Owns(1));
    }

    [Fact]
    public void Who_finds_another_at_its_place_lets_go_and_leaves()
    {
        var newer = Me with { Incarnation = Guid.NewGuid() };
        var (state, change) = Look(Serving(View(7, Me)), Stored(View(8, Me with { IsLeaving = true }, newer), (Me, new(2, 7)), (newer, new(1, 8))), 1000, 1010);

        Assert.True(state.IsDisplaced);
        Assert.Null(change);
        Assert.False(state.IsPlacedHere(1));
    }

    [Fact]
    public void Nothing_changes_while_all_is_well()
    {
        var (state, change) = Look(Serving(View(9, Me, Other)), Stored(View(9, Me, Other), (Me, new(3, 9)), (Other, new(7, 9))), 1100, 1110);

        Assert.Null(change);
        Assert.True(state is { IsSettled: true, MustSeal: false, IsLost: false, IsDisplaced: false, HasLeft: false });
        Assert.False(New.HasLeft);
    }

    [Fact]
    public void Only_a_view_that_is_known_and_not_sealed_yet_is_sealed()
    {
        var state = Serving(View(9, Me));

        Assert.Equal((9, 9), (state.Gave(8).Sealed, state.Gave(10).Sealed));
    }
}
