using System.Collections.Immutable;

namespace OrleansCache.Ownership.Tests;

public class OwnershipStateTests
{
    private const long F = 3000;
    private static readonly SiloMember Me = new(Guid.NewGuid(), "me", 1, "here");
    private static readonly SiloMember Other = new(Guid.NewGuid(), "other", 2, "there");
    private static readonly OwnershipState New = new(Me, F);

    [Fact]
    public void Who_finds_no_view_publishes_the_first_and_has_no_fence_for_a_whole_lease()
    {
        var (state, change, _) = New.Observe(Stored(null), 0, 5);

        Assert.Equal((1, null, true), (change!.Next.Number, change.Expected, change.WaitsOut));
        state = state.Published(change, sentAt: 10, receivedAt: 20).Renewed(5000);
        Assert.False(state.FenceHolds(20 + F));
        Assert.False(state.FenceHolds(20 + state.OutwaitSpan - 1));
        Assert.True(state.FenceHolds(20 + state.OutwaitSpan));
    }

    [Fact]
    public void After_a_clean_stop_the_fence_begins_with_the_publication()
    {
        var (state, change, _) = New.Observe(Stored(View(7, Other with { HasStopped = true })), 0, 5);

        Assert.Equal((8, 7, false), (change!.Next.Number, change.Expected, change.WaitsOut));
        Assert.True(state.Published(change, sentAt: 10, receivedAt: 20).FenceHolds(20));
    }

    [Fact]
    public void The_fence_ends_a_lease_after_the_renewal_was_sent_less_the_step_of_the_clock()
    {
        var state = Serving(sentAt: 1000);

        Assert.True(state.FenceHolds(1000 + F - CoarseClock.StepMilliseconds - 1));
        Assert.False(state.FenceHolds(1000 + F - CoarseClock.StepMilliseconds));
        Assert.True(state.Renewed(2000).FenceHolds(2000 + F - CoarseClock.StepMilliseconds - 1));
    }

    [Fact]
    public void A_late_answer_to_an_early_renewal_does_not_shorten_the_fence()
        => Assert.True(Serving(sentAt: 2000).Renewed(1000).FenceHolds(2000 + F - CoarseClock.StepMilliseconds - 1));

    [Fact]
    public void A_silo_that_was_paused_has_no_fence_when_it_wakes() => Assert.False(Serving(sentAt: 1000).FenceHolds(1000 + 60_000));

    [Fact]
    public void A_foreign_lease_is_taken_over_when_it_was_watched_unrenewed_for_a_whole_lease()
    {
        var view = View(7, Other);
        var (state, change, alive) = New.Observe(Stored(view, (Other, new(5, 7))), 0, 100);
        Assert.Null(change);
        Assert.Null(alive);

        (state, change, _) = state.Observe(Stored(view, (Other, new(5, 7))), 100 + state.OutwaitSpan - 1, 5000);
        Assert.Null(change);

        (_, change, _) = state.Observe(Stored(view, (Other, new(5, 7))), 100 + state.OutwaitSpan, 5000);
        Assert.Equal((8, 7, false), (change!.Next.Number, change.Expected, change.WaitsOut));
        Assert.Equal(new SiloLease(5, 7), change.Outwaited[Other.Incarnation]);
    }

    [Fact]
    public void A_lease_that_changes_while_watched_is_alive_and_watched_anew()
    {
        var view = View(7, Other);
        var (state, _, _) = New.Observe(Stored(view, (Other, new(5, 7))), 0, 100);

        (state, var change, var alive) = state.Observe(Stored(view, (Other, new(6, 7))), 3500, 3600);

        Assert.Null(change);
        Assert.Equal(Other, alive);
        (_, change, _) = state.Observe(Stored(view, (Other, new(6, 7))), 3600 + F, 7000);
        Assert.Null(change);
    }

    [Fact]
    public void A_lease_counted_back_by_a_failover_is_alive_too()
    {
        var view = View(7, Other);
        var (state, _, _) = New.Observe(Stored(view, (Other, new(5, 7))), 0, 100);

        var (_, _, alive) = state.Observe(Stored(view, (Other, new(4, 7))), 4000, 4100);

        Assert.Equal(Other, alive);
    }

    [Fact]
    public void A_view_that_vanished_ends_the_fence_and_is_published_anew_above_it()
    {
        var (state, change, _) = Serving(sentAt: 1000, number: 9).Observe(Stored(null), 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Equal((10, null, true), (change!.Next.Number, change.Expected, change.WaitsOut));
    }

    [Fact]
    public void A_view_number_that_went_back_ends_the_fence_and_is_published_anew_above_all()
    {
        var (state, change, _) = Serving(sentAt: 1000, number: 9).Observe(Stored(View(8, Me), (Me, new(3, 8))), 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Equal((10, 8, true), (change!.Next.Number, change.Expected, change.WaitsOut));
    }

    [Fact]
    public void A_higher_foreign_view_ends_the_fence_at_once()
    {
        var (state, change, _) = Serving(sentAt: 1000, number: 9).Observe(Stored(View(10, Other), (Other, new(1, 10))), 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Null(change);
        Assert.Equal((0, 10), (state.View, state.HighestView));
    }

    [Fact]
    public void A_lease_that_vanished_from_its_own_view_ends_the_fence()
    {
        var (state, change, _) = Serving(sentAt: 1000, number: 9).Observe(Stored(View(9, Me)), 1100, 1110);

        Assert.False(state.FenceHolds(1200));
        Assert.Equal((10, true), (change!.Next.Number, change.WaitsOut));
    }

    [Fact]
    public void An_epoch_beyond_all_views_is_a_view_that_was_lost()
    {
        var (_, change, _) = Serving(sentAt: 1000, number: 9).Saw(57).Observe(Stored(View(9, Me), (Me, new(3, 9))), 1100, 1110);

        Assert.Equal((58, 9, true), (change!.Next.Number, change.Expected, change.WaitsOut));
    }

    [Fact]
    public void Nothing_changes_while_all_is_well()
    {
        var serving = Serving(sentAt: 1000, number: 9);

        Assert.Equal((serving, null, null), serving.Observe(Stored(View(9, Me), (Me, new(3, 9))), 1100, 1110));
    }

    private static OwnershipState Serving(long sentAt, long number = 1)
        => New.Published(new(View(number, Me), number - 1, ImmutableDictionary<Guid, SiloLease>.Empty, WaitsOut: false), sentAt, sentAt + 5);

    private static ClusterView View(long number, params SiloMember[] members) => new(number, [.. members]);

    private static OwnershipSnapshot Stored(ClusterView? view, params (SiloMember Member, SiloLease Lease)[] leases)
        => new(view, leases.ToDictionary(lease => lease.Member.Incarnation, lease => lease.Lease), StoreTime: 0, Applied: false);
}
