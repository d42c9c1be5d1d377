using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public sealed class AckWaitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly ManualTimeProvider _clock = new();
    private readonly EntryTasks _tasks = new();

    [Fact]
    public async Task A_wait_ends_with_its_change_and_leaves_nothing_behind()
    {
        var pool = AckWait.Pool(_clock);
        var (first, second) = (pool.Get().Begin(_tasks, 1), pool.Get().Begin(_tasks, 2));
        var (one, two) = (first.EndAsync(Limit, CancellationToken.None).AsTask(), second.EndAsync(Limit, CancellationToken.None).AsTask());

        _tasks.Acknowledge(1, ChangeAck.Accepted);

        Assert.Equal(ChangeAck.Accepted, await one);
        Assert.False(two.IsCompleted);
        _tasks.Acknowledge(2, ChangeAck.NotOwner);
        Assert.Equal(ChangeAck.NotOwner, await two);
        Assert.Equal((true, 0), (_tasks.IsIdle, _clock.ActiveTimers));
    }

    [Fact]
    public async Task At_its_limit_a_wait_ends_alone_and_is_used_again()
    {
        var pool = AckWait.Pool(_clock);
        var wait = pool.Get().Begin(_tasks, 1);
        var end = wait.EndAsync(Limit, CancellationToken.None);

        _clock.Advance(Limit);

        Assert.Null(await end);
        Assert.True(_tasks.IsIdle);
        Assert.Same(wait, pool.Get());
        Assert.Null(await wait.Begin(_tasks, 2).EndAsync(TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task A_token_ends_its_own_wait_and_not_the_next_one_of_the_same_object()
    {
        var pool = AckWait.Pool(_clock);
        using var leaving = new CancellationTokenSource();
        var gone = pool.Get().Begin(_tasks, 1).EndAsync(Limit, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await gone);
        using var late = new CancellationTokenSource();
        var wait = pool.Get().Begin(_tasks, 2);
        var ended = wait.EndAsync(Limit, late.Token);
        wait.End(ChangeAck.Accepted);
        Assert.Equal(ChangeAck.Accepted, await ended);
        var next = pool.Get().Begin(_tasks, 3).EndAsync(Limit, CancellationToken.None);

        await late.CancelAsync();

        Assert.False(next.IsCompleted);
        _tasks.Acknowledge(3, ChangeAck.Accepted);
        Assert.Equal(ChangeAck.Accepted, await next);
    }
}
