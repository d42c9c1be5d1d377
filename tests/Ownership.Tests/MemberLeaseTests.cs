using static OrleansCache.Ownership.Tests.OwnershipStates;

namespace OrleansCache.Ownership.Tests;

/// <summary>How long a silo's own fence holds, and when another's lease is over.</summary>
public sealed class MemberLeaseTests
{
    [Fact]
    public void The_fence_ends_a_lease_after_the_renewal_was_sent_less_the_step_of_the_clock()
    {
        var state = Serving(View(7, Me));

        Assert.True(state.FenceHolds(1000 + F - CoarseClock.StepMilliseconds - 1));
        Assert.False(state.FenceHolds(1000 + F - CoarseClock.StepMilliseconds));
        Assert.True(Renewed(state, 2000).FenceHolds(2000 + F - CoarseClock.StepMilliseconds - 1));
    }

    [Fact]
    public void A_late_answer_to_an_early_renewal_does_not_shorten_the_fence()
        => Assert.True(Renewed(Serving(View(7, Me)), 500).FenceHolds(1000 + F - CoarseClock.StepMilliseconds - 1));

    [Fact]
    public void A_renewal_that_was_refused_moves_no_fence()
    {
        var (state, _) = Look(Serving(View(7, Me)), Stored(View(7, Me), (Me, new(2, 7))), 2000, 2010);

        Assert.False(state.FenceHolds(1000 + F));
    }

    [Fact]
    public void A_member_is_outwaited_when_it_was_watched_unrenewed_for_a_whole_lease()
    {
        var state = Serving(View(7, Me, Other, Third));
        (SiloMember, SiloLease)[] leases = [(Me, new(2, 7)), (Other, new(5, 7)), (Third, new(8, 7))];
        for (var now = 1000L; now < 1010 + Outwait; now += 1000)
        {
            leases[2] = (Third, new(leases[2].Item2.Counter + 1, 7));
            (state, var early) = Look(state, Stored(state.View, leases), now, now + 10);
            Assert.Null(early);
        }
        Assert.Equal(1010 + Outwait, state.NextLook(5000));

        var (before, none) = Look(state, Stored(state.View, leases), 1010 + Outwait - 1, 5000);
        Assert.Null(none);
        var (_, change) = Look(before, Stored(state.View, leases), 1010 + Outwait, 5000);

        Assert.Equal([Me, Third], change!.Next.Members);
        Assert.Equal(7, change.Sealed);
        Assert.Equal([KeyValuePair.Create(Other.Incarnation, new SiloLease(5, 7))], change.Outwaited);
    }

    [Fact]
    public void Leases_that_nobody_could_renew_while_the_store_was_away_are_watched_anew()
    {
        var state = Serving(View(7, Me, Other));
        var stored = Stored(state.View, (Me, new(1, 7)), (Other, new(1, 7)));
        Assert.Equal(1005 + Outwait, state.NextLook(70_000));

        (state, var change) = Look(state, stored, 61_000, 61_010);

        Assert.Null(change);
        Assert.Equal(61_010 + Outwait, state.NextLook(70_000));
    }

    [Fact]
    public void A_lease_counted_back_is_not_late()
    {
        var state = Serving(View(7, Me, Other));
        (state, _) = Look(state, Stored(state.View, (Other, new(5, 7))), 2000, 2010);

        (state, _) = Look(state, Stored(state.View, (Other, new(4, 7))), 4000, 4010);

        Assert.Equal(4010 + Outwait, state.NextLook(long.MaxValue));
    }

    [Fact]
    public void Who_is_no_member_has_no_fence_whatever_lease_it_had()
    {
        Assert.False((New with { LeaseEnd = 5000 }).FenceHolds(1000));

        var (state, _) = Look(Serving(View(7, Me, Other)), Stored(View(8, Other), (Other, new(9, 8))), 1100, 1110);
        (state, _) = Look(state, Stored(View(9, Other, Me), (Other, new(9, 9))), 1200, 1210);

        Assert.True(state.IsPlacedHere(Mine(state)));
        Assert.False(state.FenceHolds(1300));
    }

    [Fact]
    public void A_member_is_not_late_by_anothers_lease()
    {
        var state = Serving(View(7, Me, Other));

        (state, _) = Look(state, Stored(View(8, Me, Third), (Me, new(2, 7)), (Third, new(1, 7))), 2000, 2010);

        Assert.Equal(2010 + Outwait, state.NextLook(long.MaxValue));
    }
}
