using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class FileDamageTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Wherever_the_newest_file_ends_what_was_whole_is_there_and_the_rest_is_cut_with_a_warning()
    {
        var ends = new List<long>();
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await FileTexts.WriteAsync(store, $"k{i}", 100, $"value {i}");
            ends.Add(_folder.Store.Bytes);
        }
        await _folder.CloseAsync();
        var file = Assert.Single(_folder.Segments);
        var whole = await File.ReadAllBytesAsync(file, Cancellation);

        for (var length = whole.Length; length >= 0; length--)
        {
            await File.WriteAllBytesAsync(file, whole[..length], Cancellation);
            store = await _folder.OpenAsync();

            var kept = ends.Count(end => end <= length);
            Assert.Equal(kept, _folder.Store.Count);
            var end = kept == 0 ? LogSegment.Magic.Length : ends[kept - 1];
            if (length > end)
                Assert.Contains(_folder.Log.Lines, line => line.Contains($"1302 {file}: cut at offset {end}; the last {length - end} bytes", StringComparison.Ordinal));

            await FileTexts.WriteAsync(store, "after", 100, "more");
            store = await _folder.OpenAsync();
            Assert.Equal(kept + 1, _folder.Store.Count);
            await _folder.CloseAsync();
        }
    }

    [Fact]
    public async Task A_long_torn_tail_leaves_nothing_behind_a_short_write()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k0", 100, new string('x', 5000));
        await _folder.CloseAsync();
        using (var stream = new FileStream(_folder.Segments[0], FileMode.Open))
            stream.SetLength(stream.Length - 1);
        store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k1", 100, "short");

        store = await _folder.OpenAsync();

        Assert.Equal("short", await FileTexts.TextAsync(store, "k1"));
    }

    [Fact]
    public async Task Bytes_left_by_a_failed_write_are_cut_before_the_next()
    {
        var store = await _folder.OpenAsync();
        var active = _folder.Store.Files.Active;
        RandomAccess.Write(active.Handle, new byte[5000].AsSpan(), active.End);
        active.HasRemains = true;

        await FileTexts.WriteAsync(store, "k", 100, "short");

        Assert.Equal(active.End, RandomAccess.GetLength(active.Handle));
        Assert.False(active.HasRemains);
    }

    [Fact]
    public async Task Skipped_damage_makes_tagged_entries_suspect()
    {
        var store = await _folder.OpenAsync();
        var log = new TagLog(new FileTagStore(_folder.Storage), CoarseClock.System, TimeProvider.System);
        await log.RaiseAsync(["a"], Cancellation);
        var generation = log.Generation;
        var end = _folder.Store.Bytes;
        await FileTexts.WriteAsync(store, "k", 100, "value");
        await _folder.CloseAsync();
        TestFolder.Flip(_folder.Segments[0], end + 30);
        _folder.Options.SkipDamaged = true;

        await _folder.OpenAsync();
        log = new TagLog(new FileTagStore(_folder.Storage), CoarseClock.System, TimeProvider.System);
        await log.SynchroniseAsync(Cancellation);

        Assert.NotEqual(generation, log.Generation);
    }

    [Fact]
    public async Task Zeros_at_the_end_of_the_newest_file_are_cut()
    {
        var file = await ThreeRecordsAsync();
        await using (var stream = new FileStream(file, FileMode.Append))
            await stream.WriteAsync(new byte[5000], Cancellation);

        await _folder.OpenAsync();

        Assert.Equal(3, _folder.Store.Count);
    }

    [Fact]
    public async Task A_bit_flipped_anywhere_refuses_the_start_and_changes_nothing()
    {
        var file = await ThreeRecordsAsync();
        var whole = await File.ReadAllBytesAsync(file, Cancellation);

        for (var bit = 0; bit < whole.Length * 8; bit += 3)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(file, flipped, Cancellation);

            var refusal = await Assert.ThrowsAsync<StartRefusedException>(_folder.OpenAsync);

            Assert.Contains($"{file} is damaged at offset", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("OrleansCache:Storage:SkipDamaged=true", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(flipped, await File.ReadAllBytesAsync(file, Cancellation));
        }
    }

    [Fact]
    public async Task Damage_is_skipped_when_told_so_and_the_file_put_aside()
    {
        var file = await ThreeRecordsAsync();
        TestFolder.Flip(file, 8 + 24 + 5);
        _folder.Options.SkipDamaged = true;

        var store = await _folder.OpenAsync();

        Assert.Equal(2, _folder.Store.Count);
        Assert.Equal("value 1", await FileTexts.TextAsync(store, "k1"));
        Assert.Contains(_folder.Log.Lines, line => line.Contains($"1303 {file}", StringComparison.Ordinal));
        await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        Assert.True(File.Exists(file + ".damaged"));
        _folder.Options.SkipDamaged = false;
        store = await _folder.OpenAsync();
        Assert.Equal("value 2", await FileTexts.TextAsync(store, "k2"));
    }

    [Fact]
    public async Task A_hole_of_zeros_is_skipped_when_told_so_and_what_is_behind_it_is_there()
    {
        var file = await ThreeRecordsAsync();
        var whole = await File.ReadAllBytesAsync(file, Cancellation);
        await File.WriteAllBytesAsync(file, [.. whole, .. new byte[3 << 20], .. whole[LogSegment.Magic.Length..]], Cancellation);
        _folder.Options.SkipDamaged = true;

        var store = await Task.Run(_folder.OpenAsync, Cancellation).WaitAsync(Eventually.Deadline, Cancellation);

        Assert.Equal(3 << 20, _folder.Store.SkippedBytes);
        Assert.Equal("value 2", await FileTexts.TextAsync(store, "k2"));
    }

    [Fact]
    public async Task A_file_that_becomes_shorter_while_it_is_read_is_an_error()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k", 100, "value");
        var (segment, end) = (_folder.Store.Files.Active, _folder.Store.Bytes);
        using var scanner = new SegmentScanner(segment.Handle, end, end + 100);

        await Assert.ThrowsAsync<EndOfStreamException>(() => Task.Run(scanner.Look, Cancellation).WaitAsync(Eventually.Deadline, Cancellation));
    }

    [Theory]
    [InlineData(true, 60_000)]
    [InlineData(true, 8)]
    [InlineData(false, 60_000)]
    [InlineData(false, 4)]
    public async Task A_closed_file_that_became_shorter_refuses_the_start(bool withHint, int length)
    {
        var file = await TwoFilesAsync(withHint);
        using (var stream = new FileStream(file, FileMode.Open))
            stream.SetLength(length);

        var refusal = await Assert.ThrowsAsync<StartRefusedException>(_folder.OpenAsync);

        Assert.Contains(file, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_damaged_while_running_is_logged_and_read_as_absent_and_can_be_written_again()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k0", 100, "value 0");
        await FileTexts.WriteAsync(store, "k1", 100, "value 1");
        Damage(_folder.Segments[0], 8 + 24 + 5);

        Assert.Null(await FileTexts.TextAsync(store, "k0"));

        Assert.Equal("value 1", await FileTexts.TextAsync(store, "k1"));
        Assert.Contains(_folder.Log.Lines, line => line.Contains($"1304 {_folder.Segments[0]}: the record at offset 8 is damaged", StringComparison.Ordinal));
        await FileTexts.WriteAsync(store, "k0", 101, "again");
        Assert.Equal("again", await FileTexts.TextAsync(store, "k0"));
        Assert.Equal(2, _folder.Store.Count);
    }

    [Fact]
    public async Task A_record_cut_off_while_running_is_read_as_absent()
    {
        var store = await _folder.OpenAsync();
        await FileTexts.WriteAsync(store, "k0", 100, "value 0");
        var end = _folder.Store.Bytes;
        await FileTexts.WriteAsync(store, "k1", 100, "value 1");
        using (var handle = File.OpenHandle(_folder.Segments[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            RandomAccess.SetLength(handle, end + 10);

        Assert.Null(await FileTexts.TextAsync(store, "k1"));

        Assert.Equal("value 0", await FileTexts.TextAsync(store, "k0"));
        Assert.Contains(_folder.Log.Lines, static line => line.Contains("is damaged (the file ends before it)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Grain_state_damaged_while_running_is_an_error_and_not_absent()
    {
        await _folder.OpenAsync();
        var states = new FileStateStore(_folder.Storage);
        await states.WriteAsync("limiter", null, new string('1', 32), [1, 2, 3]);
        Damage(_folder.Segments[0], 8 + 24 + 5);

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await states.ReadAsync("limiter"));
    }

    [Fact]
    public async Task A_closed_file_in_which_damage_is_found_is_kept()
    {
        var file = await TwoFilesAsync(withHint: true);
        TestFolder.Flip(file, 8 + 24 + 5);
        _folder.Options.CompactionBytesPerSecond = 1 << 30;
        var store = await _folder.OpenAsync();
        for (var i = 1; i < 60; i++)
            await FileTexts.WriteAsync(store, $"k{i}", 101, "small");

        for (var round = 0; round < 2; round++)
            await _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.True(File.Exists(file));
        Assert.Single(_folder.Log.Lines, line => line.Contains($"1310 {file}: a damaged record at offset 8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_was_damaged_before_it_had_a_hint_is_kept_and_told_of_once()
    {
        (_folder.Options.SegmentBytes, _folder.Time) = (64 << 10, new ManualTimeProvider());
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 70; i++)
            await FileTexts.WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        var file = _folder.Segments[0];
        Damage(file, 8 + 24 + 5);

        for (var round = 0; round < 2; round++)
            await _folder.Store.Maintenance.RunOnceAsync(Cancellation);

        Assert.True(File.Exists(file));
        Assert.Single(_folder.Log.Lines, line => line.Contains($"1310 {file}: a damaged record at offset 8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_of_another_kind_is_refused()
    {
        Directory.CreateDirectory(_folder.Entries);
        await File.WriteAllTextAsync(Path.Combine(_folder.Entries, "00000001.log"), "something else altogether", Cancellation);

        var refusal = await Assert.ThrowsAsync<StartRefusedException>(_folder.OpenAsync);

        Assert.Contains("does not begin as a log file", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<string> ThreeRecordsAsync()
    {
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 3; i++)
            await FileTexts.WriteAsync(store, $"k{i}", 100, $"value {i}");
        await _folder.CloseAsync();
        return Assert.Single(_folder.Segments);
    }

    private async Task<string> TwoFilesAsync(bool withHint)
    {
        _folder.Options.SegmentBytes = 64 << 10;
        var store = await _folder.OpenAsync();
        for (var i = 0; i < 70; i++)
            await FileTexts.WriteAsync(store, $"k{i}", 100, new string('x', 1000));
        if (withHint)
            await _folder.Store.Maintenance.RunOnceAsync(Cancellation);
        await _folder.CloseAsync();
        Assert.Equal(2, _folder.Segments.Length);
        return _folder.Segments[0];
    }

    // The file is open for writing elsewhere in this process; the kernel's lock on it is shared.
    private static void Damage(string file, long offset)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Span<byte> one = stackalloc byte[1];
        RandomAccess.Read(handle, one, offset);
        one[0] ^= 1;
        RandomAccess.Write(handle, one, offset);
    }
}
