namespace OrleansCache.Storage.Tests;

/// <summary>Keys that share a hash are keys of their own.</summary>
public sealed class SameHashTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Two_keys_of_one_hash_are_two_keys_also_after_a_restart()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        using var log = new OpenLog(_folder, key => key.StartsWith("filler"u8) ? RoutingHash.Of(key) : 42);
        await log.WriteAsync("a", "1");
        await log.WriteAsync("b", "2");
        await log.WriteAsync("a", "3");
        for (var i = 0; i < 100; i++)
            await log.WriteAsync($"filler{i}", new string('x', 1000));
        await log.Store.Maintenance.RunOnceAsync(Cancellation);

        await log.ReopenAsync();

        Assert.Single(Directory.GetFiles(_folder.Entries, "*.hint"));
        Assert.Equal(("3", "2", 102), (log.Text("a"), log.Text("b"), log.Store.Count));
    }

    [Fact]
    public async Task Two_keys_of_one_hash_that_are_written_at_once_are_two_keys()
    {
        using var log = new OpenLog(_folder, _ => 42);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var go = new ManualResetEventSlim();
        var first = log.Store.WriteAsync(new OpenLog.Held(begun, go));
        await begun.Task;
        var writes = Task.WhenAll(first, log.WriteAsync("a", "1"), log.WriteAsync("b", "2"), log.WriteAsync("a", "3"));
        go.Set();
        await writes;
        Assert.Equal(("3", "2", 3), (log.Text("a"), log.Text("b"), log.Store.Count));

        await log.ReopenAsync();

        Assert.Equal(("3", "2", 3), (log.Text("a"), log.Text("b"), log.Store.Count));
    }

    [Fact]
    public async Task Two_keys_of_one_hash_are_two_keys_also_when_the_first_was_carried_behind_the_second()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        using var log = new OpenLog(_folder, key => key.StartsWith("filler"u8) ? RoutingHash.Of(key) : 42);
        await log.WriteAsync("a", "1");
        for (var i = 0; i < 70; i++)
            await log.WriteAsync("filler", new string('x', 1000));
        await log.WriteAsync("b", "2");

        await log.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.DoesNotContain("00000001.log", _folder.Segments.Select(Path.GetFileName));
        await log.ReopenAsync();
        Assert.Equal(("1", "2", 3), (log.Text("a"), log.Text("b"), log.Store.Count));
    }
}
