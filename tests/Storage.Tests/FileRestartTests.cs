using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

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
        Flip(hints[0], 30);
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
        var first = log.Store.WriteAsync(new Held(begun, go));
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
    public async Task A_file_stays_until_what_is_alive_in_it_is_written_elsewhere()
    {
        (_folder.Options.SegmentBytes, _folder.Options.CompactionBytesPerSecond) = (64 << 10, 1 << 30);
        var store = await _folder.OpenAsync();
        await WriteAsync(store, "cold", 100, "alive");
        for (var i = 0; i < 70; i++)
            await WriteAsync(store, "hot", 100 + i, new string('x', 1000));
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var go = new ManualResetEventSlim();
        var held = _folder.Store.WriteAsync(new Held(begun, go));
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

    [Fact]
    public async Task An_epoch_of_a_former_start_is_refused_by_the_records_of_the_next()
    {
        var store = await _folder.OpenAsync();
        await store.WriteAsync("k", new() { Kind = RecordKind.Value, Epoch = 5, Version = 1 }, Cancellation);

        store = await _folder.OpenAsync();

        Assert.Equal(new StoreReadResult(null, 5), await store.ReadAsync("k", 4, Cancellation));
        Assert.Equal(new StoreWriteResult(false, 5), await store.WriteAsync("k", new() { Kind = RecordKind.Value, Epoch = 4, Version = 2 }, Cancellation));
    }

    internal static async Task WriteAsync(FileEntryStore store, string key, long version, string text, long expiresAt = long.MaxValue)
        => Assert.True((await store.WriteAsync(
            key,
            new() { Kind = RecordKind.Value, Epoch = 1, OperationId = Guid.NewGuid(), Version = version, Bytes = Encoding.UTF8.GetBytes(text), ExpiresAt = expiresAt },
            Cancellation)).Written);

    internal static async Task<string?> TextAsync(FileEntryStore store, string key)
        => (await store.ReadAsync(key, 1, Cancellation)).Record is { Kind: RecordKind.Value } record ? Encoding.UTF8.GetString(record.Bytes) : null;

    internal static void Flip(string file, long offset)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    private sealed class Held(TaskCompletionSource begun, ManualResetEventSlim go) : LogWrite("held", default, long.MaxValue)
    {
        public override bool Decide(ReadOnlySpan<byte> stored, bool exists)
        {
            begun.SetResult();
            return go.Wait(Eventually.Deadline);
        }
    }

    private sealed class OpenLog(TestFolder folder, Func<ReadOnlySpan<byte>, ulong> hash) : IDisposable
    {
        public LogStore Store { get; private set; } = Open(folder, hash);

        public async Task ReopenAsync()
        {
            await Store.DisposeAsync();
            Store = Open(folder, hash);
        }

        public Task WriteAsync(string key, string text) => Store.WriteAsync(new Plain(key, Encoding.UTF8.GetBytes(text)));

        public string Text(string key)
        {
            using var value = Store.Read(key);
            return Encoding.UTF8.GetString(value.Payload);
        }

        public void Dispose() => _ = Store.DisposeAsync().AsTask();

        private static LogStore Open(TestFolder folder, Func<ReadOnlySpan<byte>, ulong> hash)
            => LogStore.Open(folder.Entries, folder.Options, () => folder.Clock.Now, TimeProvider.System, NullLogger.Instance, hash);

        internal sealed class Plain(string key, byte[] payload) : LogWrite(key, payload, long.MaxValue)
        {
            public override bool Decide(ReadOnlySpan<byte> stored, bool exists) => true;
        }
    }
}
