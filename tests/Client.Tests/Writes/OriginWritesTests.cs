using System.Data.Common;
using System.Net;
using OrleansCache.Fakes;
using OrleansCache.TestSupport;
using Polly.Timeout;

namespace OrleansCache.Writes;

/// <summary>What a caller does with its turn to write to an origin.</summary>
public sealed class OriginWritesTests : IAsyncDisposable
{
    private static readonly CacheKey Key = FakeCluster.Key;
    private readonly FakeCluster _cluster = new();

    public static TheoryData<Exception, bool> Failures => new()
    {
        { new InvalidOperationException("The order is closed."), true },
        { new HttpRequestException("409", null, HttpStatusCode.Conflict), true },
        { new HttpRequestException("500", null, HttpStatusCode.InternalServerError), false },
        { new HttpRequestException("No answer."), false },
        { new TimeoutException(), false },
        { new TimeoutRejectedException(), false },
        { new OperationCanceledException(), false },
        { new InvalidOperationException("The write failed.", new IOException("The connection was reset.")), false },
        { new DatabaseException(), false },
        { new IntegrationException(new() { Kind = ProblemKind.OriginRefused }), true },
        { new IntegrationException(new() { Kind = ProblemKind.OriginFailed }) { MayHaveHappened = true }, false },
    };

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task What_says_nothing_of_whether_the_origin_did_it_leaves_doubt(Exception failure, bool isRefusal)
    {
        Assert.Same(failure, await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Cache.WriteThroughAsync<int>(Key, _ => throw failure).AsTask()));

        Assert.Equal(isRefusal ? OriginWriteEnd.Refused : OriginWriteEnd.Doubtful, _cluster.Entry.Ends.Single().End);
    }

    [Fact]
    public async Task What_the_origin_has_and_the_cache_cannot_hold_leaves_doubt()
    {
        await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Cache.WriteThroughAsync(Key, _ => new ValueTask<Type>(typeof(int))).AsTask());

        Assert.Equal(OriginWriteEnd.Doubtful, _cluster.Entry.Ends.Single().End);
    }

    [Fact]
    public async Task Who_gives_up_in_line_leaves_at_once_and_gives_back_a_turn_that_comes_all_the_same()
    {
        var turn = new TaskCompletionSource<OriginWriteReply>();
        BeginWriteRequest? asked = null;
        _cluster.Entry.OnBeginWrite = request =>
        {
            asked = request;
            return new(turn.Task);
        };
        using var leaving = new CancellationTokenSource();
        var write = _cluster.Cache.WriteThroughAsync<int>(Key, _ => throw new InvalidOperationException("ran"), ct: leaving.Token).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(Eventually.Deadline));
        turn.SetResult(FakeEntry.Turn(asked!.Value));

        await Eventually.TrueAsync(() => !_cluster.Entry.Ends.IsEmpty);
        var end = _cluster.Entry.Ends.Single();
        Assert.Equal((OriginWriteEnd.Refused, asked.Value.OperationId), (end.End, end.Ticket.Activation));
    }

    [Fact]
    public async Task A_turn_that_is_asked_for_while_its_caller_gives_up_is_given_back_too()
    {
        using var leaving = new CancellationTokenSource();
        var asked = 0;
        _cluster.Entry.OnBeginWrite = request =>
        {
            if (++asked < 3)
                return new(new OriginWriteReply { Status = asked == 1 ? OriginWriteStatus.NotOwner : OriginWriteStatus.AskAgain });
            Leave();
            return new(FakeEntry.Turn(request));
        };
        var write = _cluster.Cache.WriteThroughAsync<int>(Key, _ => throw new InvalidOperationException("ran"), ct: leaving.Token).AsTask();
        Assert.Equal(2, asked);

        _cluster.Clock.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(Eventually.Deadline));
        await Eventually.TrueAsync(() => !_cluster.Entry.Ends.IsEmpty);
        Assert.Equal(OriginWriteEnd.Refused, _cluster.Entry.Ends.Single().End);

        void Leave() => leaving.Cancel();
    }

    [Fact]
    public async Task Who_gave_up_when_the_turn_came_asks_nothing_of_the_origin_and_gives_it_back()
    {
        using var leaving = new CancellationTokenSource();
        _cluster.Entry.OnBeginWrite = async request =>
        {
            await leaving.CancelAsync();
            return FakeEntry.Turn(request);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _cluster.Cache.WriteThroughAsync<int>(Key, _ => throw new InvalidOperationException("ran"), ct: leaving.Token).AsTask());

        Assert.Equal(OriginWriteEnd.Refused, _cluster.Entry.Ends.Single().End);
    }

    [Fact]
    public async Task Who_gave_up_asks_for_no_turn_any_more()
    {
        using var leaving = new CancellationTokenSource();
        var asked = 0;
        _cluster.Entry.OnBeginWrite = request => new(++asked < 3 ? new() { Status = OriginWriteStatus.AskAgain } : FakeEntry.Turn(request));
        var write = _cluster.Cache.WriteThroughAsync<int>(Key, _ => throw new InvalidOperationException("ran"), ct: leaving.Token).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);

        await Eventually.TrueAsync(() => _cluster.Clock.ActiveTimers == 0);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_turn_is_held_for_as_long_as_the_write_runs()
    {
        var done = new TaskCompletionSource<int>();
        var write = _cluster.Cache.WriteThroughAsync(Key, _ => new ValueTask<int>(done.Task)).AsTask();

        for (var i = 0; i < 5; i++)
            _cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(_cluster.Entry.Renewals.Count, 5, 8);
        done.SetResult(1);
        await write;

        Assert.Equal(0, _cluster.Clock.ActiveTimers);
    }

    [Fact]
    public async Task A_wait_in_line_is_not_counted()
    {
        var asked = new List<BeginWriteRequest>();
        _cluster.Entry.OnBeginWrite = request =>
        {
            asked.Add(request);
            _cluster.Clock.Advance(TimeSpan.FromSeconds(2));
            return new(asked.Count < 20 ? new() { Status = OriginWriteStatus.InLine } : FakeEntry.Turn(request));
        };

        await _cluster.Cache.WriteThroughAsync(Key, static _ => new ValueTask<int>(1));

        Assert.Equal(20, asked.Count);
        Assert.Single(asked.Distinct());
        Assert.Equal(OriginWriteEnd.Written, _cluster.Entry.Ends.Single().End);
    }

    [Fact]
    public async Task Who_gets_no_turn_is_told_why_and_when_to_come_back()
    {
        _cluster.Entry.OnBeginWrite = _ => new(new OriginWriteReply { Status = OriginWriteStatus.Unavailable, Detail = "as many callers wait for it as may" });

        var e = await Assert.ThrowsAsync<CacheUnavailableException>(() => _cluster.Cache.WriteThroughAsync<int>(Key, _ => throw new InvalidOperationException("ran")).AsTask());

        Assert.Contains("as many callers wait for it as may", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.RetryAfter);
        Assert.Empty(_cluster.Entry.Ends);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task Whose_turn_was_lost_removes_what_may_be_out_of_date_unless_the_origin_refused(bool refuses, int removals)
    {
        _cluster.Entry.OnEndWrite = static _ => new(new OriginWriteReply { Status = OriginWriteStatus.Lost });

        var thrown = await Record.ExceptionAsync(() => _cluster.Cache.WriteThroughAsync(Key, _ => refuses ? throw new InvalidOperationException() : new ValueTask<int>(1)).AsTask());

        Assert.Equal((refuses, removals), (thrown is InvalidOperationException, _cluster.Entry.Removals.Count));
    }

    [Theory]
    [InlineData(nameof(WriteStatus.AskAgain))]
    [InlineData(nameof(WriteStatus.NotOwner))]
    [InlineData(nameof(WriteStatus.Unavailable))]
    public async Task What_may_be_out_of_date_is_removed_until_it_is(string first)
    {
        _cluster.Entry.OnEndWrite = static _ => new(new OriginWriteReply { Status = OriginWriteStatus.Lost });
        _cluster.Entry.OnRemove = _ => new(new WriteReply { Status = _cluster.Entry.Removals.Count == 1 ? Enum.Parse<WriteStatus>(first) : WriteStatus.Accepted });

        await _cluster.DriveAsync(_cluster.Cache.WriteThroughAsync(Key, static _ => new ValueTask<int>(1)));

        Assert.Equal(2, _cluster.Entry.Removals.Count);
        Assert.Single(_cluster.Entry.Removals.Distinct());
    }

    [Fact]
    public async Task Who_reads_after_a_write_joins_no_read_from_before_it()
    {
        var old = new TaskCompletionSource<ReadReply>();
        _cluster.Entry.OnRead = _ => new(old.Task);
        var before = _cluster.Cache.GetAsync<int>(Key).AsTask();
        await _cluster.Cache.WriteThroughAsync(Key, static _ => new ValueTask<int>(2));
        _cluster.Entry.OnRead = static _ => new(FakeEntry.Hit("2"));

        Assert.Equal(2, (await _cluster.Cache.GetAsync<int>(Key).AsTask().WaitAsync(Eventually.Deadline)).Value);

        old.SetResult(FakeEntry.Hit("1"));
        Assert.Equal(1, (await before).Value);
    }

    private sealed class DatabaseException() : DbException("The connection was closed while the transaction was committed.");
}
