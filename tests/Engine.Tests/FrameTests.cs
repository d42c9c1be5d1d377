namespace OrleansCache;

public sealed class FrameTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Frames_of_any_size_come_out_whole_however_the_bytes_are_cut(int piece)
    {
        int[] sizes = [0, 1, 100, 70_000, 3, 200_000, 5, 0, 12];
        var bytes = sizes.SelectMany((size, n) => BitConverter.GetBytes(size).Concat(Enumerable.Repeat((byte)n, size))).ToArray();
        await using var stream = new CutStream(bytes, piece);
        var reader = new FrameReader(stream);
        var taken = new List<(int Size, bool IsWhole)>();

        do
        {
            while (reader.TryTake(1 << 20, out var frame))
                taken.Add((frame.Length, frame.IndexOfAnyExcept((byte)taken.Count) < 0));
        }
        while (await reader.FillAsync(Ct));

        Assert.Equal(sizes.Select(size => (size, true)), taken);
        Assert.True(reader.Unread.IsEmpty);
    }

    [Fact]
    public async Task A_frame_over_the_limit_is_refused_before_its_bytes_are_waited_for()
    {
        await using var stream = new MemoryStream(BitConverter.GetBytes(1001));
        var reader = new FrameReader(stream);
        Assert.True(await reader.FillAsync(Ct));

        Assert.Throws<InvalidDataException>(() => reader.TryTake(1000, out _));
    }

    [Fact]
    public async Task What_the_reading_thread_writes_leaves_at_once_when_it_is_released()
    {
        await using var stream = new CutStream([], 1);
        var outbox = new Outbox(stream, new EngineSiloOptions(), () => false, _ => { });

        outbox.Hold();
        for (var n = 1u; n <= 3; n++)
            outbox.Write(FrameKind.Cancel, n, "", (_, _) => { });
        var held = stream.Writes;
        outbox.Release();

        Assert.Equal((0, 1), (held, stream.Writes));
    }

    [Fact]
    public void A_frame_that_cannot_be_written_leaves_nothing_behind()
    {
        using var stream = new CutStream([], 1);
        var outbox = new Outbox(stream, new EngineSiloOptions { MaxFrameBytes = 1024 }, () => false, _ => { });
        outbox.Hold();

        Assert.Throws<InvalidOperationException>(() => outbox.Write(FrameKind.Value, 1, "", (writer, _) => writer.Raw(new byte[2000])));
        Assert.Throws<TimeoutException>(() => outbox.Write(FrameKind.Value, 1, "", (writer, _) => throw new TimeoutException()));

        Assert.Equal(0, outbox.Unsent);
    }

    [Fact]
    public async Task A_closed_outbox_sends_what_it_has_and_takes_no_more()
    {
        var stream = new CutStream([], 1);
        var outbox = new Outbox(stream, new EngineSiloOptions(), () => false, _ => { });
        outbox.Hold();
        outbox.Write(FrameKind.Cancel, 1, "", (_, _) => { });

        outbox.Close();

        Assert.Equal((1, false), (stream.Writes, outbox.Write(FrameKind.Cancel, 2, "", (_, _) => { })));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[1], Ct));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_wait_for_those_that_are_leaving_whoever_writes_them(bool isBusy)
    {
        await using var stream = new GatedStream();
        var (senders, outbox) = (0, (Outbox)null!);
        outbox = new(stream, new EngineSiloOptions(), IsBusy, _ => { });
        Write(1);
        await stream.Begun;

        outbox.Hold();
        Write(3);
        outbox.Release();
        Write(4);
        stream.Open();

        await Eventually.TrueAsync(() => stream.Written.Length == 24, what: "all have left", cancellationToken: Ct);
        Assert.Equal(Enumerable.Range(1, 4).SelectMany(n => new byte[] { 2, 0, 0, 0, (byte)FrameKind.Cancel, (byte)n }), stream.Written);
        Assert.Equal((1, 1), (stream.MostAtOnce, senders));

        // Asked by who is about to send: what is written meanwhile has its sender.
        bool IsBusy()
        {
            if (++senders == 1)
                Write(2);
            return isBusy;
        }

        void Write(uint call) => outbox.Write(FrameKind.Cancel, call, "", (_, _) => { });
    }

    [Fact]
    public async Task A_stream_that_takes_no_more_is_told_of_and_closed()
    {
        var stream = new CutStream([], 1) { Failure = new IOException("No route.") };
        string? broken = null;
        var outbox = new Outbox(stream, new EngineSiloOptions(), () => false, reason => broken = reason);

        outbox.Write(FrameKind.Cancel, 1, "", (_, _) => { });

        await Eventually.TrueAsync(() => !stream.CanRead, what: "the stream is closed", cancellationToken: Ct);
        Assert.Equal("No route.", broken);
    }

    /// <summary>Takes nothing until it is opened, and then what the memory that it was given holds.</summary>
    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private byte[] _written = [];
        private int _writing;

        public Task Begun => _begun.Task.WaitAsync(Eventually.Deadline);

        public int MostAtOnce { get; private set; }

        public byte[] Written => Volatile.Read(ref _written);

        public void Open() => _gate.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_lock)
                MostAtOnce = Math.Max(MostAtOnce, ++_writing);
            _begun.TrySetResult();
            await _gate.Task.ConfigureAwait(false);
            lock (_lock)
            {
                Volatile.Write(ref _written, [.. _written, .. buffer.Span]);
                _writing--;
            }
        }
    }

    /// <summary>Gives its bytes in pieces, and counts writes.</summary>
    private sealed class CutStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public Exception? Failure { get; init; }

        public int Writes { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return Failure is null ? default : ValueTask.FromException(Failure);
        }
    }
}
