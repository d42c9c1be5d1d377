using Microsoft.Win32.SafeHandles;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>What the disk must have confirmed before what comes next.</summary>
public sealed class FileDiskTests : IAsyncDisposable
{
    private readonly Disk _disk = new();
    private readonly TestFolder _folder;

    public FileDiskTests() => _folder = new() { Disk = _disk, Time = new ManualTimeProvider() };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task With_fsync_always_a_write_that_the_disk_did_not_confirm_is_refused_and_leaves_nothing()
    {
        _folder.Options.Fsync = FsyncMode.Always;
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "old");
        _disk.Refuses = _folder.Store.Files.Active.Handle;

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => FileTexts.WriteAsync(store, "k", 101, "new"));

        Assert.False(failure.MaybeApplied);
        Assert.Equal(_folder.Store.Bytes, new FileInfo(_folder.Segments[0]).Length);
        Assert.Equal("old", await FileTexts.TextAsync(store, "k"));
        _disk.Refuses = null;
        await FileTexts.WriteAsync(store, "k", 102, "newer");
        Assert.True(store.IsReachable);
    }

    [Fact]
    public async Task The_disk_knows_a_files_name_before_its_first_record()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        Assert.Equal(["entries", "00000001.log"], _disk.Names);
        await FileTexts.WriteAsync(store, "k", 100, new string('x', 50_000));

        _disk.RefusesNames = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => FileTexts.WriteAsync(store, "k", 101, new string('x', 50_000)));
        Assert.Single(_folder.Segments);
        _disk.RefusesNames = false;
        await FileTexts.WriteAsync(store, "k", 101, new string('x', 50_000));

        Assert.Equal(["entries", "00000001.log", "00000001.log 00000002.log"], _disk.Names);
    }

    [Fact]
    public async Task A_file_is_whole_on_the_disk_before_there_is_a_next_one()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        _disk.Refuses = _folder.Store.Files.Active.Handle;
        await FileTexts.WriteAsync(store, "k", 100, new string('x', 50_000));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => FileTexts.WriteAsync(store, "k", 101, new string('x', 50_000)));
        Assert.Single(_folder.Segments);
        _disk.Refuses = null;
        await FileTexts.WriteAsync(store, "k", 101, new string('x', 50_000));

        Assert.Equal(2, _folder.Segments.Length);
    }

    [Fact]
    public async Task The_store_counts_as_away_until_the_disk_has_confirmed_every_file()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        var first = _folder.Store.Files.Active.Handle;
        await FillAsync(store);
        _disk.Refuses = first;
        Assert.True(store.IsReachable);

        await _folder.Store.Maintenance.FlushAsync();
        Assert.Equal(2, _folder.Segments.Length);
        Assert.False(store.IsReachable);

        await _folder.Store.Maintenance.FlushAsync();
        Assert.False(store.IsReachable);
        _disk.Refuses = null;
        await _folder.Store.Maintenance.FlushAsync();
        Assert.True(store.IsReachable);
    }

    [Fact]
    public async Task A_file_goes_once_the_disk_has_what_was_carried_out_of_it_and_then_its_name()
    {
        _folder.Time = TimeProvider.System;
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "cold", 100, "alive");
        for (var i = 0; i < 120; i++)
            await FileTexts.WriteAsync(store, $"k{i % 60}", 100 + i, new string('x', 1000));
        var victim = _folder.Segments[0];
        _disk.Refuses = _folder.Store.Files.Active.Handle;

        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.True(File.Exists(victim));

        _disk.Refuses = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
                return !File.Exists(victim);
            },
            cancellationToken: Cancellation);
        Assert.DoesNotContain(Path.GetFileNameWithoutExtension(victim), _disk.Names[^1], StringComparison.Ordinal);
        Assert.Equal("alive", await FileTexts.TextAsync(store, "cold"));
    }

    [Fact]
    public async Task A_file_stays_when_what_is_alive_in_it_can_not_be_carried_over()
    {
        _folder.Time = TimeProvider.System;
        (_folder.Options.Fsync, _folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (FsyncMode.Always, 64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "cold", 100, "alive");
        for (var i = 0; i < 120; i++)
            await FileTexts.WriteAsync(store, $"k{i % 60}", 100 + i, new string('x', 1000));
        var victim = _folder.Segments[0];
        _disk.Refuses = _folder.Store.Files.Active.Handle;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => _folder.Store.Maintenance.RunOnceAsync(Cancellation).WaitAsync(Eventually.Deadline, Cancellation));

        Assert.True(File.Exists(victim));
        Assert.Equal("alive", await FileTexts.TextAsync(store, "cold"));
    }

    [Fact]
    public async Task A_write_that_is_refused_asks_nothing_of_the_disk()
    {
        _folder.Options.Fsync = FsyncMode.Always;
        var store = await _folder.OpenAsync();
        await store.ReadAsync("k", 5, Cancellation);
        _disk.Refuses = _folder.Store.Files.Active.Handle;

        var result = await store.WriteAsync("k", new() { Kind = RecordKind.Value, Epoch = 4, Version = 100 }, Cancellation);

        Assert.Equal(new StoreWriteResult(false, 5), result);
    }

    [Fact]
    public async Task A_write_to_a_closed_store_is_refused()
    {
        var store = await _folder.OpenAsync();
        var storage = _folder.Storage;
        await _folder.CloseAsync();
        await storage.CloseAsync();
        Assert.False(store.IsReachable);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => FileTexts.WriteAsync(store, "k", 100, "value").WaitAsync(Eventually.Deadline, Cancellation));

        Assert.False(failure.MaybeApplied);
    }

    [Fact]
    public async Task What_waits_is_written_before_the_end()
    {
        var store = await _folder.OpenAsync();
        var writes = Enumerable.Range(0, 500).Select(i => FileTexts.WriteAsync(store, $"k{i}", 100, new string('x', 20_000))).ToList();

        await _folder.CloseAsync().WaitAsync(Eventually.Deadline, Cancellation);

        await Task.WhenAll(writes).WaitAsync(Eventually.Deadline, Cancellation);
        await _folder.OpenAsync();
        Assert.Equal(500, _folder.Store.Count);
    }

    [Fact]
    public void A_folder_that_can_not_be_opened_or_flushed_is_an_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux says so for /proc.");

        Assert.Contains("can't be opened", Assert.Throws<IOException>(() => DiskSync.System.Flush("/proc/none")).Message, StringComparison.Ordinal);
        Assert.Contains("can't be flushed", Assert.Throws<IOException>(() => DiskSync.System.Flush("/proc")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hint_has_its_name_only_once_the_disk_has_it()
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        await FillAsync(store);
        var files = new List<string>();
        _disk.OnFlush = () => files.AddRange(Directory.GetFiles(_folder.Entries, "*.hint*").Select(file => Path.GetFileName(file)));

        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.Equal(["00000001.hint.tmp"], files);
        Assert.Equal(["00000001.hint"], Directory.GetFiles(_folder.Entries, "*.hint*").Select(file => Path.GetFileName(file)));
        await _folder.OpenAsync();
        files.Clear();
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.Empty(files);
    }

    [Fact]
    public async Task A_hint_that_was_not_finished_is_cleared_away_at_the_start()
    {
        Directory.CreateDirectory(_folder.Entries);
        var leftover = Path.Combine(_folder.Entries, "00000001.hint.tmp");
        await File.WriteAllBytesAsync(leftover, new byte[10], Cancellation);

        await _folder.OpenAsync();

        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task Who_asks_for_a_flush_while_one_runs_waits_for_its_own()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "value");
        using var hold = new Hold(_disk, static () => true);
        var first = Task.Run(_folder.Store.Maintenance.FlushAsync, Cancellation);
        await hold.Begun;

        var second = _folder.Store.Maintenance.FlushAsync();

        Assert.False(second.IsCompleted);
        hold.Release();
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task A_round_of_cleaning_up_waits_for_the_round_that_runs()
    {
        var time = new ManualTimeProvider();
        (_folder.Time, _folder.Options.SegmentBytes) = (time, 64 << 10);
        var store = await _folder.OpenAsync();
        await FillAsync(store);
        using var hold = new Hold(_disk, () => File.Exists(Path.Combine(_folder.Entries, "00000001.hint.tmp")));
        var passing = Task.Run(() => time.Advance(TimeSpan.FromSeconds(1)), Cancellation);
        await hold.Begun;

        var waiting = _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.False(waiting.IsCompleted);
        hold.Release();
        await Task.WhenAll(passing, waiting);
    }

    [Fact]
    public async Task Cleaning_up_that_failed_is_tried_again()
    {
        var time = new ManualTimeProvider();
        (_folder.Time, _folder.Options.SegmentBytes) = (time, 64 << 10);
        var store = await _folder.OpenAsync();
        await FillAsync(store);
        _disk.OnFlush = static () => throw new IOException("The disk does not confirm.");
        await PassUntilAsync(() => _folder.Log.Lines.Any(static line => line.Contains("1309", StringComparison.Ordinal)));

        _disk.OnFlush = static () => { };

        await PassUntilAsync(() => File.Exists(Path.Combine(_folder.Entries, "00000001.hint")));

        Task PassUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return condition();
            },
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_on_the_disk_before_anything_is_written_in_its_place()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "value");
        await _folder.CloseAsync();
        using (var stream = new FileStream(_folder.Segments[0], FileMode.Open))
            stream.SetLength(stream.Length - 1);
        var flushes = 0;
        _disk.OnFlush = () => flushes++;

        await _folder.OpenAsync();

        Assert.Equal(1, flushes);
    }

    [Fact]
    public async Task A_store_that_is_closed_has_told_the_disk_all()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "value");
        var flushes = 0;
        _disk.OnFlush = () => flushes++;

        await _folder.CloseAsync();

        Assert.Equal(1, flushes);
    }

    [Fact]
    public async Task A_store_that_is_closed_has_let_its_files_go()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "value");

        await _folder.CloseAsync();

        File.OpenHandle(_folder.Segments[0], FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    /// <summary>More than a file of 64 KiB holds.</summary>
    private static async Task FillAsync(FileEntryStore store)
    {
        for (var i = 0; i < 70; i++)
            await FileTexts.WriteAsync(store, $"k{i}", 100, new string('x', 1000));
    }

    /// <summary>Holds up the first flush for which the condition is true.</summary>
    private sealed class Hold : IDisposable
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _go = new();

        public Hold(Disk disk, Func<bool> condition) => disk.OnFlush = () =>
        {
            if (condition() && _begun.TrySetResult())
                _go.Wait(Eventually.Deadline);
        };

        public Task Begun => _begun.Task.WaitAsync(Eventually.Deadline);

        public void Release() => _go.Set();

        public void Dispose() => _go.Dispose();
    }

    private sealed class Disk : DiskSync
    {
        public SafeFileHandle? Refuses { get; set; }

        public bool RefusesNames { get; set; }

        public Action OnFlush { get; set; } = static () => { };

        /// <summary>What was in the folder each time that its names were confirmed.</summary>
        public List<string> Names { get; } = [];

        public override void Flush(SafeFileHandle file)
        {
            if (file == Refuses)
                throw new IOException("The disk does not confirm.");
            OnFlush();
        }

        public override void Flush(string folder)
        {
            if (RefusesNames)
                throw new IOException("The disk does not confirm names.");
            Names.Add(string.Join(' ', Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
        }
    }
}
