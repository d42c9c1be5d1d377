using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Watching;

/// <summary>What a process hears of the keys and tags that it watches, over scripted owners.</summary>
public sealed class WatchesTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 5;

    public WatchesTests()
    {
        _cluster.Entry.OnWatch = WatchAsync;
        _cluster.Tags.OnWatch = (_, request) => WatchAsync(request);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task What_there_is_is_told_at_once_and_then_each_change()
    {
        await using var told = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();

        Assert.Equal(new CacheChange(5), await NextAsync(told));
        Change(6);
        Assert.Equal(new CacheChange(6), await NextAsync(told));
        Change(0);
        Assert.False((await NextAsync(told)).IsPresent);
    }

    [Fact]
    public async Task What_the_watcher_knows_is_not_told_again()
    {
        await using var told = _cluster.Cache.WatchAsync(FakeCluster.Key, known: 5).GetAsyncEnumerator();

        var next = told.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => _cluster.Entry.Watches.Count == 2);
        Assert.False(next.IsCompleted);
        Change(6);

        Assert.True(await next.WaitAsync(Eventually.Deadline));
        Assert.Equal(6, told.Current.Version);
    }

    [Fact]
    public async Task Who_is_slow_is_told_the_latest_alone_and_many_watchers_ask_once()
    {
        await using var slow = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();
        await using var quick = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();
        Assert.Equal((5, 5), ((await NextAsync(slow)).Version, (await NextAsync(quick)).Version));
        foreach (var version in new[] { 6, 7, 8 })
        {
            Change(version);
            Assert.Equal(version, (await NextAsync(quick)).Version);
        }

        Assert.Equal(8, (await NextAsync(slow)).Version);
        Assert.Equal(1, _cluster.Get<Watches>().Count);
        Assert.Equal([-1, 5, 6, 7, 8], _cluster.Entry.Watches.Select(static request => request.Known));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_last_watcher_leaves_nobody_asks_any_more(bool isTag)
    {
        var (underWay, asked) = (new TaskCompletionSource<WatchReply>(), 0);
        _cluster.Entry.OnWatch = request => ++asked == 2 ? new(underWay.Task) : WatchAsync(request);
        _cluster.Tags.OnWatch = (_, request) => _cluster.Entry.OnWatch(request);
        using var end = new CancellationTokenSource();
        await using var told = (isTag ? _cluster.Cache.WatchTagAsync("t", ct: end.Token) : _cluster.Cache.WatchAsync(FakeCluster.Key, ct: end.Token)).GetAsyncEnumerator();
        await NextAsync(told);
        var next = told.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => asked == 2);

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Eventually.Deadline));
        underWay.SetResult(default);       // the question that was under way ends with its slice

        Assert.Equal((0, 2), (_cluster.Get<Watches>().Count, asked));
    }

    [Fact]
    public async Task The_end_of_a_slice_is_no_news()
    {
        _cluster.Entry.OnWatch = request => _cluster.Entry.Watches.Count == 1 ? new(new WatchReply()) : WatchAsync(request);
        await using var told = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();

        Assert.Equal(5, (await NextAsync(told)).Version);
        Assert.Equal([(-1, 2_000), (-1, 2_000)], _cluster.Entry.Watches.Take(2).Select(static request => (request.Known, request.WaitMilliseconds)));
    }

    [Fact]
    public async Task A_watcher_who_leaves_ends_the_watch_of_no_other()
    {
        await using var stays = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();
        await NextAsync(stays);
        await using (var leaves = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator())
            await NextAsync(leaves);

        Assert.Equal(1, _cluster.Get<Watches>().Count);
        Change(6);
        Assert.Equal(6, (await NextAsync(stays)).Version);
    }

    [Fact]
    public async Task A_watch_that_a_factory_begins_is_no_part_of_its_load()
    {
        LoadScope? scope = null;
        _cluster.Entry.OnWatch = request =>
        {
            scope = LoadScope.Current;
            return WatchAsync(request);
        };

        await _cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "other"), async ct =>
        {
            await using var told = _cluster.Cache.WatchAsync(FakeCluster.Key, ct: ct).GetAsyncEnumerator(ct);
            Assert.NotNull(LoadScope.Current);
            return (await NextAsync(told)).Version;
        });

        Assert.Null(scope);
    }

    [Fact]
    public async Task A_question_that_fails_is_not_asked_again_in_a_tight_loop()
    {
        _cluster.Entry.OnWatch = static _ => throw new InvalidOperationException("bug");
        await using var told = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();
        var next = told.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => _cluster.Clock.ActiveTimers > 0 || _cluster.Entry.Watches.Count > 1);
        Assert.Single(_cluster.Entry.Watches);
        _cluster.Entry.OnWatch = WatchAsync;

        _cluster.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await next.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task An_owner_that_is_away_is_asked_until_it_is_back_and_what_changed_meanwhile_is_told()
    {
        await using var told = _cluster.Cache.WatchAsync(FakeCluster.Key).GetAsyncEnumerator();
        await NextAsync(told);
        await Eventually.TrueAsync(() => _cluster.Entry.Watches.Count == 2);
        _cluster.Entry.OnWatch = static _ => throw new TimeoutException();
        Change(6);      // the question under way is answered still
        Assert.Equal(6, (await NextAsync(told)).Version);
        await Eventually.TrueAsync(() =>
        {
            _cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return _cluster.Entry.Watches.Count > 60;
        });
        _cluster.Entry.OnWatch = WatchAsync;
        Change(7);

        Assert.True(await _cluster.DriveAsync(told.MoveNextAsync(), TimeSpan.FromSeconds(1)));
        Assert.Equal(7, told.Current.Version);
    }

    [Fact]
    public async Task A_tags_raises_are_told_and_a_tag_that_is_none_is_refused()
    {
        await using var told = _cluster.Cache.WatchTagAsync("orders").GetAsyncEnumerator();

        Assert.Equal(5, (await NextAsync(told)).Version);
        Change(9);
        Assert.Equal(9, (await NextAsync(told)).Version);
        Assert.Throws<ArgumentException>(() => _cluster.Cache.WatchTagAsync("a,b"));
    }

    private static async Task<CacheChange> NextAsync(IAsyncEnumerator<CacheChange> told)
    {
        Assert.True(await told.MoveNextAsync().AsTask().WaitAsync(Eventually.Deadline));
        return told.Current;
    }

    private void Change(long version)
    {
        TaskCompletionSource changed;
        lock (_lock)
            (_version, changed, _changed) = (version, _changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.SetResult();
    }

    private async ValueTask<WatchReply> WatchAsync(WatchRequest request)
    {
        Task changed;
        lock (_lock)
        {
            if (_version != request.Known)
                return new() { Status = WatchStatus.News, Version = _version };
            changed = _changed.Task;
        }

        await changed;
        lock (_lock)
            return _version != request.Known ? new() { Status = WatchStatus.News, Version = _version } : default;
    }
}
