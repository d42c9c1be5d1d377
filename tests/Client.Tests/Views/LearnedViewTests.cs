using System.Net;

namespace OrleansCache.Views;

public sealed class LearnedViewTests
{
    private static readonly SiloMember A = new(Guid.NewGuid(), "10.0.0.1:11111", 1, "a");
    private static readonly SiloMember B = new(Guid.NewGuid(), "10.0.0.2:11111", 2, "b");
    private static readonly SiloMember C = new(Guid.NewGuid(), "10.0.0.3:11111", 3, "c");

    [Fact]
    public void Only_a_newer_view_is_taken_up_and_told()
    {
        var view = new LearnedView();
        var told = new List<long>();
        view.Learned += () => told.Add(view.Number);

        view.Learn(new(7, [A, B]));
        view.Learn(new(6, [A, B, C]));
        view.Learn(new(7, [A]));
        view.Learn(new(8, [A]));

        Assert.Equal([7, 8], told);
        Assert.Equal([A], view.Placement.Members);
    }

    [Fact]
    public void Who_waits_for_another_view_is_woken_by_it()
    {
        var view = new LearnedView();
        var changed = view.Changed;

        view.Learn(new(1, [A]));

        Assert.True(changed.IsCompleted);
        Assert.False(view.Changed.IsCompleted);
    }

    [Fact]
    public void A_member_of_the_view_before_that_is_in_it_no_more_is_gone()
    {
        var view = new LearnedView();
        view.Learn(new(1, [A, B]));
        Assert.False(view.IsGone(A.EndPoint!));

        view.Learn(new(2, [A with { IsLeaving = true }, B]));
        Assert.False(view.IsGone(A.EndPoint!));
        view.Learn(new(3, [B, C]));

        Assert.True(view.IsGone(A.EndPoint!));
        Assert.False(view.IsGone(B.EndPoint!));
        Assert.False(view.IsGone(new IPEndPoint(IPAddress.Loopback, 1)));
    }

    [Fact]
    public void A_view_that_is_heard_of_wakes_once()
    {
        var view = new LearnedView();
        view.Learn(new(5, [A]));
        var heard = view.HearAsync();

        view.Hint(5);
        Assert.False(heard.IsCompleted);
        view.Hint(7);
        Assert.True(heard.IsCompleted);
        Assert.Equal(7, view.Heard);

        heard = view.HearAsync();
        view.Hint(7);
        Assert.False(heard.IsCompleted);
    }

    [Fact]
    public void A_silo_without_views_ends_what_was_known()
    {
        var view = new LearnedView();
        view.Learn(new(5, [A, B]));
        view.Hint(9);
        var told = 0;
        view.Learned += () => told++;

        view.Forget();
        view.Forget();

        Assert.Equal((0, 0, 0, 1), (view.Number, view.Heard, view.EndPoints.Count, told));
        view.Learn(new(1, [B]));
        Assert.Equal([B.EndPoint!], view.EndPoints);
    }

    [Fact]
    public void Silos_that_leave_are_not_connected_to()
    {
        var view = new LearnedView();

        view.Learn(new(5, [A, B with { IsLeaving = true }, C]));

        Assert.Equal([A.EndPoint!, C.EndPoint!], view.EndPoints);
    }
}
