using System.Collections.Immutable;

namespace OrleansCache.Ownership.Tests;

public class OwnershipStateTests
{
    private const long F = 3000;
    private const long Outwait = 3046;
    private static readonly SiloMember Me = new(Guid.NewGuid(), "me", 1, "here");
    private static readonly SiloMember Other = new(Guid.NewGuid(), "other", 2, "there");
    private static readonly SiloMember Third = new(Guid.NewGuid(), "third", 3, "where");
    private static readonly OwnershipState New = new(Me, F);

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
    public void Who_is_no_member_has_no_fence_whatever_lease_it_had()
    {
        Assert.False((New with { LeaseEnd = 5000 }).FenceHolds(1000));

        var (state, _) = Look(Serving(View(7, Me, Other)), Stored(View(8, Other), (Other, new(9, 8))), 1100, 1110);
        (state, _) = Look(state, Stored(View(9, Other, Me), (Other, new(9, 9))), 1200, 1210);

        Assert.True(state.IsPlacedHere(Mine(state)));
        Assert.False(state.FenceHolds(1300));
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
    public void Only_a_view_that_is_known_and_not_sealed_yet_is_sealed()
    {
        var state = Serving(View(9, Me));

        Assert.Equal((9, 9), (state.Gave(8).Sealed, state.Gave(10).Sealed));
    }

    [Fact]
    public void Only_a_member_says_that_a_beginning_was_waited_out()
    {
        var began = View(9, Other) with { WaitsOut = true };
        var (state, _) = Look(New, Stored(began, (Other, new(1, 9))), 990, 1000);

        Assert.True(state.Propose(Stored(began), 1000 + Outwait)!.Next.WaitsOut);
    }

    [Fact]
    public void Views_that_begin_anew_keep_the_members_of_the_last_view_known_by_store_or_silo()
    {
        var stored = View(12, Other, Third);

        var (_, change) = Look(Serving(View(9, Me, Other)), Stored(stored) with { IsSameStore = false }, 1100, 1110);

        Assert.Equal((13, 12), (change!.Next.Number, change.Expected));
        Assert.Equal([Other, Third, Me], change.Next.Members);
    }

    [Fact]
    public void Within_one_beginning_keys_stay_however_long_the_store_was_away()
    {
        var serving = Serving(View(7, Me, Other));
        var key = Mine(serving);

        var (state, _) = Look(serving, Stored(View(8, Me, Other)), 61_000, 61_010);

        Assert.Equal(7, state.EpochOf(key));
    }

    [Fact]
    public void A_member_is_not_late_by_anothers_lease()
    {
        var state = Serving(View(7, Me, Other));

        (state, _) = Look(state, Stored(View(8, Me, Third), (Me, new(2, 7)), (Third, new(1, 7))), 2000, 2010);

        Assert.Equal(2010 + Outwait, state.NextLook(long.MaxValue));
    }

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

    private static (OwnershipState State, ViewChange? Change) Look(OwnershipState state, OwnershipSnapshot snapshot, long sentAt, long receivedAt)
    {
        state = state.Observe(snapshot, sentAt, receivedAt);
        return (state, state.Propose(snapshot, sentAt));
    }

    private static OwnershipState Published(
        OwnershipState state, ViewChange change, long sentAt, long receivedAt, params (SiloMember Member, SiloLease Lease)[] leases)
        => state.Observe(Stored(change.Next, [(Me, new(1, change.Sealed)), .. leases]) with { Applied = true }, sentAt, receivedAt);

    private static OwnershipState Renewed(OwnershipState state, long sentAt)
        => state.Observe(Stored(state.View, (Me, new(2, state.Sealed))) with { Applied = true }, sentAt, sentAt + 10);

    // A settled member whose last renewal was sent at 1000.
    private static OwnershipState Serving(ClusterView view) => (New with { Placement = Placement.Of(view with { Number = view.Number - 1, Members = [] }) })
        .Observe(Stored(view, [.. view.Members.Select(member => (member, new SiloLease(1, view.Number)))]) with { Applied = true }, 1000, 1005);

    private static ulong Mine(OwnershipState state) => Key(state, Me);

    private static ulong OthersKey(OwnershipState state) => Key(state, Other);

    private static ulong Key(OwnershipState state, SiloMember owner)
    {
        for (var key = 1UL; ; key++)
            if (state.Placement.OwnerOf(RoutingHash.Mix(key)) == owner)
                return RoutingHash.Mix(key);
    }

    private static ClusterView View(long number, params SiloMember[] members) => new(number, [.. members], Beginning: 1);

    private static OwnershipSnapshot Stored(ClusterView? view, params (SiloMember Member, SiloLease Lease)[] leases)
        => new(view, leases.ToDictionary(lease => lease.Member.Incarnation, lease => lease.Lease), StoreTime: 0, Applied: false);
}
