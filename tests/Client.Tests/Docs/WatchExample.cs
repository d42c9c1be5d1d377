using OrleansCache.Cluster;
using OrleansCache.TestSupport;

namespace OrleansCache.Docs;

/// <summary>A page that repaints.</summary>
public sealed class WatchExample : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource<long> _painted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_watcher_repaints_when_the_value_changes()
    {
        await using var silos = await Silos.StartAsync(1);
        var cache = await silos.CacheAsync();
        var written = await cache.SetAsync(CacheKey.For("orders", ("id", "7")), "new");

        var watching = WatchAsync(cache, _end);

        Assert.Equal(written.Version, await _painted.Task.WaitAsync(Eventually.Deadline));
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    public void Dispose() => _end.Dispose();

    private async Task WatchAsync(IOrleansCache cache, CancellationTokenSource end)
    {
        // docs/strategies.md
        await foreach (var change in cache.WatchAsync(CacheKey.For("orders", ("id", "7")), ct: end.Token))
            await RepaintAsync(change.Version);
        // end
    }

    private Task RepaintAsync(long version)
    {
        _painted.TrySetResult(version);
        return Task.CompletedTask;
    }
}
