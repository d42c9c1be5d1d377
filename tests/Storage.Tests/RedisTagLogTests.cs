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

    private protected override ValueTask<ITagStore> RestartAsync(int capacity = ITagStore.Capacity) => new(new RedisTagStore(Redis, new("tags")) { Capacity = capacity });

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
