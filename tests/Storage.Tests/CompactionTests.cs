using OrleansCache.TestSupport;
using static OrleansCache.Storage.Tests.FileTexts;

namespace OrleansCache.Storage.Tests;

/// <summary>Which files are rewritten and when, and that nothing alive is lost by it.</summary>
public sealed class CompactionTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task A_file_stays_until_what_is_alive_in_it_is_written_elsewhere()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        await WriteAsync(store, "cold", 100, "alive");
        for (var i = 0; i < 70; i++)
            await WriteAsync(store, "hot", 100 + i, new string('x', 1000));
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var go = new ManualResetEventSlim();
        var held = _folder.Store.WriteAsync(new OpenLog.Held(begun, go));
        await begun.Task;

        var round = _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.False(round.IsCompleted);
        go.Set();
        await Task.WhenAll(held, round);
        Assert.Equal("alive", await TextAsync(store, "cold"));
    }

    [Fact]
    public async Task Files_are_rewritten_at_the_rate_that_was_set()
    {
        var time = new ManualTimeProvider();
        (_folder.Time, _folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (time, 64 << 10, 1000);
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 70; i++)
            await WriteAsync(store, "hot", 100 + i, new string('x', 1000));
        var timers = time.ActiveTimers;

        var round = _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        await Eventually.TrueAsync(() => time.ActiveTimers > timers, cancellationToken: Cancellation);
        Assert.False(round.IsCompleted);
        Assert.Equal(2, _folder.Segments.Length);
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return round.IsCompleted;
            },
            cancellationToken: Cancellation);
        Assert.Single(_folder.Segments);
    }

    [Fact]
    public async Task Files_that_are_alive_are_left_alone()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 150; i++)
            await WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        var files = _folder.Segments;

        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.Equal(files, _folder.Segments);
    }

    [Fact]
    public async Task The_oldest_file_is_rewritten_though_it_is_alive_once_a_files_worth_of_records_hides_others()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 110; i++)
            await WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        var (oldest, next) = (_folder.Segments[0], _folder.Segments[1]);
        for (var version = 100; version < 120; version += 2)
        {
            await WriteAsync(store, "other", version, "for ever");
            await store.WriteAsync("other", new() { Kind = RecordKind.Removed, Epoch = 1, Version = version + 1, Bytes = new byte[10_000], ExpiresAt = _folder.Clock.Now + 1 }, Cancellation);
        }

        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.False(File.Exists(oldest));
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.True(File.Exists(next));
        for (var i = 0; i < 110; i++)
            Assert.NotNull(await TextAsync(store, $"k{i}"));
    }

    [Fact]
    public async Task Overwritten_records_are_compacted_away_and_nothing_alive_is_lost()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 3000; i++)
        {
            await WriteAsync(store, i % 10 == 0 ? $"cold{i}" : $"hot{i % 50}", 100 + i, new string('x', 500) + i);
            if (i % 20 == 0)
                await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        }
        for (var round = 0; round < 100; round++)
            await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.True(_folder.Store.Bytes < 600_000, $"{_folder.Store.Bytes} bytes are left of 1.5 million, 170,000 are alive.");

        store = await _folder.OpenAsync();

        for (var i = 0; i < 3000; i += 10)
            Assert.Equal(new string('x', 500) + i, await TextAsync(store, $"cold{i}"));
    }

    [Fact]
    public async Task Reads_and_writes_go_on_while_files_are_compacted()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        using var stop = new CancellationTokenSource();
        var compacting = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        }, Cancellation);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 1; i <= 500; i++)
            {
                await WriteAsync(store, $"w{worker}-{i % 5}", i, new string('x', 2000) + i);
                Assert.Equal(new string('x', 2000) + i, await TextAsync(store, $"w{worker}-{i % 5}"));
            }
        }, Cancellation)));

        await stop.CancelAsync();
        await compacting;
    }
}
