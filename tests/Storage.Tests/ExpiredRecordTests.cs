using OrleansCache.TestSupport;
using static OrleansCache.Storage.Tests.FileTexts;

namespace OrleansCache.Storage.Tests;

/// <summary>Records that expired leave the files, and none that they hid comes back.</summary>
public sealed class ExpiredRecordTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_expired_record_does_not_let_the_one_before_it_come_back(bool restarted)
    {
        var time = new ManualTimeProvider();
        _folder.Clock = new LocalClusterClock(time);
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        await WriteAsync(store, "k", 100, "for ever");
        for (var i = 0; i < 62; i++)
            await WriteAsync(store, $"cold{i}", 100, new string('x', 1000));
        await store.WriteAsync("k", new() { Kind = RecordKind.Removed, Epoch = 1, Version = 101, ExpiresAt = _folder.Clock.Now + 1 }, Cancellation);
        for (var i = 0; i < 200; i++)
            await WriteAsync(store, "hot", 100 + i, new string('x', 1000));
        if (restarted)
            store = await _folder.OpenAsync();

        time.Advance(TimeSpan.FromSeconds(10));
        _folder.Store.Maintenance.Sweep(LogIndex.ShardCount);
        var files = _folder.Segments;
        for (var round = 0; round < 10; round++)
            await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.Contains(files[0], _folder.Segments);
        Assert.DoesNotContain(files[1], _folder.Segments);
        store = await _folder.OpenAsync();

        Assert.Null(await TextAsync(store, "k"));
    }

    [Fact]
    public async Task What_hides_an_older_record_leaves_with_the_oldest_file()
    {
        var time = new ManualTimeProvider();
        _folder.Clock = new LocalClusterClock(time);
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        for (var version = 100; version < 105; version++)
        {
            for (var i = 0; i < 500; i++)
            {
                await WriteAsync(store, $"k{i}", version, "for ever");
                await store.WriteAsync($"k{i}", new() { Kind = RecordKind.Removed, Epoch = 1, Version = version, ExpiresAt = _folder.Clock.Now + 1 }, Cancellation);
            }
        }
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(500, _folder.Store.Count);

        await Eventually.TrueAsync(
            async () =>
            {
                await WriteAsync(store, "other", 100, "for ever");
                await store.WriteAsync("other", new() { Kind = RecordKind.Removed, Epoch = 1, Version = 101, Bytes = new byte[5000], ExpiresAt = _folder.Clock.Now + 1 }, Cancellation);
                time.Advance(TimeSpan.FromSeconds(10));
                _folder.Store.Maintenance.Sweep(LogIndex.ShardCount);
                await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
                return _folder.Store.Count < 5;
            },
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_record_is_not_carried_over_something_newer()
    {
        var store = await _folder.OpenAsync();
        await WriteAsync(store, "k", 100, "old");
        var bytes = await File.ReadAllBytesAsync(_folder.Segments[0], Cancellation);
        var move = new LogMove();
        using (var old = _folder.Store.Read("e:k"))
            move.Records.Add((bytes[(int)old.Slot.Offset..], old.Slot, LogSlot.Never));
        await WriteAsync(store, "k", 101, "new");

        _folder.Store.Appender.Enqueue(move);
        await move.Done;

        Assert.Equal(("new", 1), (await TextAsync(store, "k"), _folder.Store.Count));
        store = await _folder.OpenAsync();
        Assert.Equal("new", await TextAsync(store, "k"));
    }

    [Fact]
    public async Task Expired_records_leave_the_index_and_then_the_files()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        var expiry = _folder.Clock.Now + 1;
        for (var i = 0; i < 1000; i++)
            await WriteAsync(store, $"k{i}", 100, new string('x', 1000), expiry);
        Assert.True(_folder.Store.Bytes > 1_000_000);

        await Eventually.TrueAsync(
            async () =>
            {
                await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
                return _folder.Store is { Count: 0, Bytes: < 128 << 10 };
            },
            cancellationToken: Cancellation);
    }
}
