using static OrleansCache.Ownership.Tests.OwnershipStates;

namespace OrleansCache.Ownership.Tests;

/// <summary>A store that lost views is noticed, and new ones begin above all that were.</summary>
public sealed class LostViewTests
{
    [Fact]
    public void A_view_that_vanished_ends_the_fence_and_begins_anew_above_it_with_the_same_members()
    {
        var (state, change) = Look(Serving(View(9, Me, Other)), Stored(null), 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Equal((10, null, true), (change!.Next.Number, change.Expected, change.Begins));
        Assert.Equal([Me, Other], change.Next.Members);
    }

    [Fact]
    public void A_view_number_that_went_back_ends_the_fence_and_begins_anew_above_all()
    {
        var (state, change) = Look(Serving(View(9, Me, Other)), Stored(View(8, Me), (Me, new(3, 8))), 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Equal((10, 8, true), (change!.Next.Number, change.Expected, change.Begins));
        Assert.Equal(9, state.View.Number);
    }

    [Fact]
    public void A_store_that_was_started_again_may_have_lost_views()
    {
        var (state, change) = Look(Serving(View(9, Me)), Stored(View(9, Me), (Me, new(3, 9))) with { IsSameStore = false }, 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Equal((10, 9, true), (change!.Next.Number, change.Expected, change.Begins));
    }

    [Fact]
    public void An_epoch_beyond_all_views_is_a_view_that_was_lost()
    {
        var (_, change) = Look(Serving(View(9, Me)).Saw(57), Stored(View(9, Me), (Me, new(3, 9))), 1100, 1110);

        Assert.Equal((58, 9, true), (change!.Next.Number, change.Expected, change.Begins));
    }

    [Fact]
    public void Who_leaves_while_views_are_lost_publishes_none_and_is_gone()
    {
        var (state, change) = Look(Serving(View(9, Me)) with { IsLeaving = true }, Stored(null), 1100, 1110);

        Assert.Null(change);
        Assert.True(state.HasLeft);
    }

    [Fact]
    public void A_number_below_the_highest_is_no_news() => Assert.Equal(9, Serving(View(9, Me)).Saw(8).HighestView);

    [Fact]
    public void Views_that_begin_anew_keep_the_members_of_the_last_view_known_by_store_or_silo()
    {
        var stored = View(12, Other, Third);

        var (_, change) = Look(Serving(View(9, Me, Other)), Stored(stored) with { IsSameStore = false }, 1100, 1110);

        Assert.Equal((13, 12), (change!.Next.Number, change.Expected));
        Assert.Equal([Other, Third, Me], change.Next.Members);
    }
}
