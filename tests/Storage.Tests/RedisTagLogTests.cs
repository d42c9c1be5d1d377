using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class RedisTagLogTests : TagLogContract
{
    private RedisServer? _server;
    private IHost? _host;

    public override async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(cancellationToken: Cancellation);
        _host = await RedisHost.StartAsync(_server);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await RedisHost.StopAsync(_host);
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private IRedisDatabase Redis => _host!.Services.GetRequiredService<IRedisDatabase>();

    private protected override ValueTask<ITagStore> RestartAsync() => new(new RedisTagStore(Redis, new("tags")));

    /// <summary>A beginning is waited out at once.</summary>
    private protected override CoarseClock Clock { get; } = new FastClock();

    private protected override async ValueTask LoseAsync() => await Redis.ExecuteAsync(["FLUSHALL"], Cancellation);

    [Fact]
    public async Task A_silo_learns_what_others_raised()
    {
        var (mine, other) = (new TagLog(await RestartAsync(), Clock, TimeProvider.System), new TagLog(await RestartAsync(), Clock, TimeProvider.System));
        await mine.SynchroniseAsync(Cancellation);
        await other.SynchroniseAsync(Cancellation);
        var born = mine.Head;
        await other.RaiseAsync(["a"], Cancellation);

        await mine.SynchroniseAsync(Cancellation);

        Assert.False(mine.IsGood(TagHash.Of(["a"]), born, mine.Generation));
    }

    [Fact]
    public async Task A_running_silo_notices_that_the_log_was_lost()
    {
        var log = _host!.Services.GetRequiredService<ITagLog>();
        await log.RaiseAsync(["a"], Cancellation);
        var (head, generation) = (log.Head, log.Generation);

        await Redis.ExecuteAsync(["DEL", "oc:test:raises"], Cancellation);

        await Eventually.TrueAsync(() => log.Generation != generation, cancellationToken: Cancellation);
        Assert.Equal(head + 1, await log.RaiseAsync(["a"], Cancellation));
    }

    [Fact]
    public async Task What_the_capped_list_no_longer_has_counts_as_raised()
    {
        var log = new TagLog(new RedisTagStore(Redis, new("tags")) { Capacity = 4 }, Clock, TimeProvider.System);
        await log.SynchroniseAsync(Cancellation);
        var born = log.Head;
        await log.RaiseAsync(["a"], Cancellation);
        for (var i = 0; i < 6; i++)
            await log.RaiseAsync([$"filler{i}"], Cancellation);

        var other = new TagLog(await RestartAsync(), Clock, TimeProvider.System);
        await other.SynchroniseAsync(Cancellation);

        Assert.Equal((log.Head, log.Generation), (other.Head, other.Generation));
        Assert.False(other.IsGood(TagHash.Of(["a"]), born, other.Generation));
        Assert.False(other.IsGood(TagHash.Of(["filler3"]), log.Head - 4, other.Generation));
        Assert.False(other.IsGood(TagHash.Of(["b"]), log.Head - 5, other.Generation));
        Assert.True(other.IsGood(TagHash.Of(["b"]), log.Head - 4, other.Generation));
        Assert.True(other.IsGood(TagHash.Of(["a"]), other.Head, other.Generation));
    }

    [Fact]
    public async Task A_log_that_can_not_be_read_was_lost()
    {
        var log = new TagLog(await RestartAsync(), Clock, TimeProvider.System);
        await log.RaiseAsync(["a"], Cancellation);
        var (head, generation) = (log.Head, log.Generation);
        await Redis.ExecuteAsync(["LSET", "oc:tags:raises", "0", "damaged"], Cancellation);

        await log.SynchroniseAsync(Cancellation);

        Assert.NotEqual(generation, log.Generation);
        Assert.Equal(head, log.Head);
    }

    private sealed class FastClock : CoarseClock
    {
        private readonly long _began = TimeProvider.System.GetTimestamp();

        public override long Milliseconds => (long)TimeProvider.System.GetElapsedTime(_began).TotalMilliseconds * 200;
    }
}
