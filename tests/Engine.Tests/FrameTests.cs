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

    /// <summary>Gives its bytes in pieces, and counts writes.</summary>
    private sealed class CutStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public int Writes { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return default;
        }
    }
}
