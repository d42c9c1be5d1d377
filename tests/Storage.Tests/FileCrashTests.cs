using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class FileCrashTests : IAsyncDisposable
{
    private const long Latest = 1L << 40;
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Two_thousand_acknowledged_changes_survive_kills_at_random_moments()
    {
        var random = new Random(7);
        var acknowledged = new Dictionary<string, (long Version, bool Removed)>();
        var changes = 0;
        for (var round = 0; changes < 2000 || round < 10; round++)
        {
            await using (var writer = StorageWriter.Start(_folder.Path, seed: round * 100, settings: "--OrleansCache:Storage:SegmentBytes=65536"))
            {
                await writer.WaitForLineAsync("ready", cancellationToken: Cancellation);
                var until = random.Next(1, 400);
                await Eventually.TrueAsync(() => writer.Lines.Count > until, cancellationToken: Cancellation);
                await writer.KillAsync();
                changes += StorageWriter.Collect(writer, acknowledged);
            }

            var store = await _folder.OpenAsync();
            foreach (var (key, change) in acknowledged)
            {
                var stored = (await store.ReadAsync(key, Latest, Cancellation)).Record;
                Assert.NotNull(stored);
                Assert.True(stored.Version >= change.Version, $"{key} has version {stored.Version}, {change.Version} was acknowledged.");
                if (stored.Version == change.Version)
                    Assert.Equal(change.Removed ? RecordKind.Removed : RecordKind.Value, stored.Kind);
            }
            await _folder.CloseAsync();
        }
    }

    [Fact]
    public async Task A_second_process_on_the_folder_is_refused_and_told_by_whom_and_what_to_do()
    {
        await using var first = StorageWriter.Start(_folder.Path);
        await first.WaitForLineAsync("ready", cancellationToken: Cancellation);

        await using var second = StorageWriter.Start(_folder.Path);

        var line = await second.WaitForLineAsync("refused", cancellationToken: Cancellation);
        Assert.Contains($"{_folder.Path} is in use by pid {first.Pid}", line, StringComparison.Ordinal);
        Assert.Contains("--data", line, StringComparison.Ordinal);
        Assert.Equal(2, await second.WaitForExitAsync(cancellationToken: Cancellation));
        Assert.False(first.HasExited);
    }

    [Fact]
    public async Task A_killed_process_leaves_no_lock()
    {
        await using (var first = StorageWriter.Start(_folder.Path))
        {
            await first.WaitForLineAsync("ready 1", cancellationToken: Cancellation);
            await first.KillAsync();
        }

        await using var second = StorageWriter.Start(_folder.Path);

        await second.WaitForLineAsync("ready 2", cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_keeps_what_is_there_and_recovers()
    {
        await using var disk = await SmallDisk.MountAsync(4 << 20);
        var acknowledged = new Dictionary<string, (long Version, bool Removed)>();
        var filler = Path.Combine(disk.Path, "filler");
        await using (var writer = StorageWriter.Start(disk.Path, settings: "--OrleansCache:Storage:SegmentBytes=1048576"))
        {
            await writer.WaitForLineAsync("ack", cancellationToken: Cancellation);
            await FillAsync(filler);

            var refusal = await writer.WaitForLineAsync("unavailable", cancellationToken: Cancellation);
            Assert.Contains("unavailable False", refusal, StringComparison.Ordinal);
            Assert.Contains("Free space on the disk", refusal, StringComparison.Ordinal);
            var before = writer.Lines.Count(line => line.StartsWith("ack", StringComparison.Ordinal));
            File.Delete(filler);
            await Eventually.TrueAsync(
                () => writer.Lines.Count(line => line.StartsWith("ack", StringComparison.Ordinal)) > before + 10, cancellationToken: Cancellation);
            await writer.KillAsync();
            StorageWriter.Collect(writer, acknowledged);
        }

        await using var copy = new TestFolder();
        Directory.CreateDirectory(copy.Entries);
        foreach (var file in Directory.GetFiles(Path.Combine(disk.Path, "entries")))
            File.Copy(file, Path.Combine(copy.Entries, Path.GetFileName(file)));
        var store = await copy.OpenAsync();
        foreach (var (key, change) in acknowledged)
            Assert.True((await store.ReadAsync(key, Latest, Cancellation)).Record?.Version >= change.Version, key);
    }

    [Fact]
    public async Task Of_a_write_that_found_the_disk_full_nothing_stays()
    {
        await using var disk = await SmallDisk.MountAsync(1 << 20);
        await using var folder = new TestFolder(disk.Path);
        var store = await folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "old");
        var length = folder.Store.Bytes;

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => FileTexts.WriteAsync(store, "k", 101, new string('x', 2 << 20)));

        Assert.False(failure.MaybeApplied);
        Assert.False(store.IsReachable);
        Assert.Equal(length, new FileInfo(folder.Segments[0]).Length);
        Assert.Equal("old", await FileTexts.TextAsync(store, "k"));
        await FileTexts.WriteAsync(store, "k", 102, "new");
        Assert.True(store.IsReachable);
        await folder.CloseAsync();
    }

    private static async Task FillAsync(string file)
    {
        try
        {
            await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
                await stream.WriteAsync(new byte[4096], Cancellation);
        }
        catch (IOException)
        {
            // The disk is full.
        }
    }
}
