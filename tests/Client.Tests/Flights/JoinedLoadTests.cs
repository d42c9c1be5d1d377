using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Flights;

/// <summary>What joiners of a load may have, by what its owner says of it.</summary>
public class JoinedLoadTests
{
    [Theory]
    [InlineData(true, "old")]
    [InlineData(false, "new")]
    public async Task Who_came_while_a_factory_ran_has_its_value_if_the_owner_says_that_nothing_overtook_it(bool isCurrent, string seen)
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<string>();
        var before = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>(gate.Task)).AsTask();
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(10));
        var during = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("x")).AsTask();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("new", 2));
        cluster.Entry.OnComplete = _ => new(new LoadReply { IsCurrent = isCurrent });

        gate.SetResult("old");

        Assert.Equal(("old", seen), ((await before).Value, (await during).Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_came_while_a_factory_failed_has_the_old_value_only_if_the_owner_still_had_it_at_the_end(bool had)
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<string>();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("old") with { Status = ReadStatus.Lease, Ticket = new() { LeaseMilliseconds = 10_000 } });
        var before = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>(gate.Task)).AsTask();
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(10));
        var during = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("x")).AsTask();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("new", 2));
        cluster.Entry.OnComplete = _ => new(had ? new LoadReply { Value = FakeEntry.Json("old", 1) } : default);

        gate.SetException(new InvalidOperationException());

        Assert.Equal(("old", had ? "old" : "new"), ((await before).Value, (await during).Value));
    }

    [Fact]
    public async Task A_factory_that_ran_alone_is_for_who_began_it()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<string>();
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Strict = true, Problem = new() { Kind = ProblemKind.Unavailable, Detail = LoadProblem.Unproven } });
        var before = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>(gate.Task)).AsTask();
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(10));
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("new", 2));
        var after = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("x")).AsTask();

        gate.SetResult("old");

        Assert.Equal("old", (await before).Value);
        Assert.Equal("new", (await after).Value);
    }

    [Fact]
    public async Task Who_came_before_a_factory_ran_alone_shares_what_it_made()
    {
        await using var cluster = new FakeCluster();
        var (reply, runs) = (new TaskCompletionSource<ReadReply>(), 0);
        cluster.Entry.OnRead = _ => new(reply.Task);
        var loads = Enumerable.Range(0, 2).Select(_ =>
        {
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(10));
            return cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<int>(++runs)).AsTask();
        }).ToArray();

        reply.SetResult(new() { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable } });

        Assert.Equal([1, 1], (await Task.WhenAll(loads)).Select(static result => result.Value));
    }

    [Fact]
    public async Task A_failure_that_the_owner_told_is_for_who_came_before_it()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(gate.Task);
        var before = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("x")).AsTask();
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(10));
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("new", 2));
        var after = cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("x")).AsTask();

        gate.SetResult(new() { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.NotFound, Detail = "absent", StatusCode = 404 } });

        Assert.Equal(Outcome.Miss, (await before).Outcome);
        Assert.Equal("new", (await after).Value);
    }
}
