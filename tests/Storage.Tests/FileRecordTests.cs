using static OrleansCache.Storage.Tests.FileTexts;

namespace OrleansCache.Storage.Tests;

/// <summary>Records and keys that are long, and what a writer leaves behind.</summary>
public sealed class FileRecordTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task A_long_record_survives_a_restart_and_being_carried_over()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (8 << 20, 1 << 30);
        var store = await _folder.OpenAsync();
        var text = new string('x', 3 << 20);
        await WriteAsync(store, "long", 100, text);
        for (var version = 100; version < 103; version++)
            await WriteAsync(store, "other", version, text + text[..(1 << 20)]);
        store = await _folder.OpenAsync();

        for (var round = 0; round < 2; round++)
            await _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.DoesNotContain("00000001.log", _folder.Segments.Select(Path.GetFileName));
        Assert.Equal(text, await TextAsync(store, "long"));
    }

    [Fact]
    public void A_key_that_no_record_can_hold_is_refused() => Assert.Throws<ArgumentException>(() => new OpenLog.Plain(new string('k', 70_000), []));

    [Fact]
    public async Task What_was_written_is_not_kept_by_the_writer()
    {
        await _folder.OpenAsync();
        var batch = new LogBatch(_folder.Store.Files);
        batch.Begin(0);
        batch.Add(new OpenLog.Plain("k", []));

        Assert.Empty(batch.Begin(0));
    }

    [Fact]
    public async Task A_record_longer_than_a_file_leaves_no_empty_one()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();

        await WriteAsync(store, "k", 100, new string('x', 100_000));

        Assert.Single(_folder.Segments);
    }
}
