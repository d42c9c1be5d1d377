using System.Buffers.Binary;
using OrleansCache.TestSupport;
using static OrleansCache.Storage.Tests.FileTexts;

namespace OrleansCache.Storage.Tests;

/// <summary>What was written is there after a restart, by hints that can be believed or by the files.</summary>
public sealed class FileRestartTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Theory]
    [InlineData(FsyncMode.EverySecond)]
    [InlineData(FsyncMode.Always)]
    public async Task What_was_written_is_there_after_a_restart(FsyncMode fsync)
    {
        (_folder.Options.Fsync, _folder.Options.SegmentBytes) = (fsync, 64 << 10);
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 500; i++)
            await WriteAsync(store, $"k{i % 100}", 100 + i, new string('x', 1000) + i);
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.NotEmpty(Directory.GetFiles(_folder.Entries, "*.hint"));

        store = await _folder.OpenAsync();

        Assert.Equal(100, _folder.Store.Count);
        for (var i = 400; i < 500; i++)
            Assert.Equal(new string('x', 1000) + i, await TextAsync(store, $"k{i % 100}"));
    }

    [Fact]
    public async Task Without_hints_or_with_damaged_ones_the_files_are_read()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 200; i++)
            await WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        await _folder.CloseAsync();
        var hints = Directory.GetFiles(_folder.Entries, "*.hint").Order(StringComparer.Ordinal).ToArray();
        TestFolder.Flip(hints[0], 30);
        File.Delete(hints[1]);
        await File.WriteAllBytesAsync(hints[2], (await File.ReadAllBytesAsync(hints[2], Cancellation))[..10], Cancellation);

        store = await _folder.OpenAsync();

        Assert.Equal(200, _folder.Store.Count);
        for (var i = 0; i < 200; i++)
            Assert.NotNull(await TextAsync(store, $"k{i}"));
    }

    [Fact]
    public async Task A_hint_of_another_version_is_not_believed()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 70; i++)
            await WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        await _folder.CloseAsync();
        var hint = Assert.Single(Directory.GetFiles(_folder.Entries, "*.hint"));
        var bytes = (await File.ReadAllBytesAsync(hint, Cancellation))[..48];
        bytes[7]++;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), Crc32C.Of(bytes.AsSpan(0, 20), bytes.AsSpan(24), []));
        await File.WriteAllBytesAsync(hint, bytes, Cancellation);

        await _folder.OpenAsync();

        Assert.Equal(70, _folder.Store.Count);
    }

    [Fact]
    public async Task A_hint_that_knows_less_than_its_file_is_not_believed()
    {
        (_folder.Options.SegmentBytes, _folder.Time) = (64 << 10, new ManualTimeProvider());
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 70; i++)
            await WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        await _folder.CloseAsync();
        File.Delete(_folder.Segments[1]);
        store = await _folder.OpenAsync();
        await WriteAsync(store, "late", 100, "short");
        await WriteAsync(store, "next", 100, new string('x', 60_000));
        Assert.Equal(2, _folder.Segments.Length);

        store = await _folder.OpenAsync();

        Assert.Equal("short", await TextAsync(store, "late"));
    }

    [Fact]
    public async Task An_epoch_of_a_former_start_is_refused_by_the_records_of_the_next()
    {
        var store = await _folder.OpenAsync();
        await store.WriteAsync("k", new() { Kind = RecordKind.Value, Epoch = 5, Version = 1 }, Cancellation);

        store = await _folder.OpenAsync();
        using var outcomes = new StoreOutcomes(_folder.Meters);

        Assert.Equal(new StoreReadResult(null, 5), await store.ReadAsync("k", 4, Cancellation));
        Assert.Equal(["read refused"], outcomes.Counted);
        Assert.Equal(new StoreWriteResult(false, 5), await store.WriteAsync("k", new() { Kind = RecordKind.Value, Epoch = 4, Version = 2 }, Cancellation));
    }
}
