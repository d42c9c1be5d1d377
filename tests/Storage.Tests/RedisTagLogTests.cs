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

    private protected override async ValueTask LoseAsync() => await Redis.ExecuteAsync(["FLUSHALL"], Cancellation);

    [Fact]
    public async Task A_silo_learns_what_others_raised()
    {
        var (mine, other) = (new TagLog(await RestartAsync()), new TagLog(await RestartAsync()));
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

        await Redis.ExecuteAsync(["DEL", "oc:test:tags"], Cancellation);

        await Eventually.TrueAsync(() => log.Generation != generation, cancellationToken: Cancellation);
        Assert.Equal(head + 1, await log.RaiseAsync(["a"], Cancellation));
    }

    [Fact]
    public async Task What_the_capped_list_no_longer_has_counts_as_raised()
    {
        var log = new TagLog(await RestartAsync());
        await log.SynchroniseAsync(Cancellation);
        var born = log.Head;
        await log.RaiseAsync(["a"], Cancellation);
        for (var i = 0; i < 5; i++)
            await log.RaiseAsync(["filler"], Cancellation);
        await Redis.ExecuteAsync(["LTRIM", "oc:tags:tags", "-3", "-1"], Cancellation);

        log = new TagLog(await RestartAsync());
        await log.SynchroniseAsync(Cancellation);

        Assert.False(log.IsGood(TagHash.Of(["a"]), born, log.Generation));
        Assert.True(log.IsGood(TagHash.Of(["a"]), log.Head, log.Generation));
    }
}
