using static OrleansCache.Ownership.Tests.OwnershipStates;

namespace OrleansCache.Ownership.Tests;

/// <summary>Members that a silo may not serve with.</summary>
public sealed class StrangerTests
{
    [Fact]
    public void Who_may_not_serve_with_a_member_joins_only_when_that_was_outwaited()
    {
        var stranger = Other with { Dialect = "another" };
        var stored = Stored(View(7, stranger, Third), (stranger, new(4, 7)), (Third, new(9, 7)));

        var (state, change) = Look(New, stored, 0, 5);
        Assert.Equal((null, true, null), (change, state.IsKeptOut, state.Stranger));
        (state, _) = Look(state, stored, 1500, 1505);
        (state, change) = Look(state, stored, 5 + Outwait - 1, 5 + Outwait);
        Assert.Null(change);
        (state, change) = Look(state, stored, 5 + Outwait, 6 + Outwait);

        Assert.Equal([Me], change!.Next.Members);
        Assert.Null(state.Stranger);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_member_that_one_may_not_serve_with_lives_when_its_lease_is_renewed_and_does_not_leave(bool leaves)
    {
        var stranger = Other with { Dialect = "another", IsLeaving = leaves };
        var (state, _) = Look(New, Stored(View(7, stranger), (stranger, new(4, 7))), 0, 5);

        (state, var change) = Look(state, Stored(View(7, stranger), (stranger, new(5, 7))), 1000, 1005);

        Assert.Equal((leaves ? null : stranger, null), (state.Stranger, change));
    }

    [Fact]
    public void Who_was_there_before_stays_and_goes_on()
    {
        var stranger = Other with { Dialect = "another" };

        var (state, change) = Look(Serving(View(7, Me)), Stored(View(8, Me, stranger), (Me, new(2, 7)), (stranger, new(1, 8))), 1000, 1010);
        (state, _) = Look(state, Stored(View(8, Me, stranger), (Me, new(3, 8)), (stranger, new(2, 8))), 2000, 2010);

        Assert.Equal((null, false, null), (change, state.IsKeptOut, state.Stranger));
        Assert.True(state.Owns(Mine(state)));
    }

    [Fact]
    public void In_a_store_that_may_have_lost_views_members_that_one_may_not_serve_with_have_a_lease_to_begin_by_themselves()
    {
        var stranger = Other with { Dialect = "another" };
        var lost = Stored(View(7, stranger, Third)) with { IsSameStore = false };

        var (state, change) = Look(New, lost, 0, 5);
        Assert.Null(change);
        (state, change) = Look(state, lost, 5 + Outwait - 1, 5 + Outwait);
        Assert.Null(change);
        (_, change) = Look(state, lost, 5 + Outwait, 6 + Outwait);

        Assert.Equal((8, true), (change!.Next.Number, change.Next.WaitsOut));
        Assert.Equal([Third, Me], change.Next.Members);
    }
}
