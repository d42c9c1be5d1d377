using System.Text;
using System.Threading.Channels;
using OrleansCache.TestSupport;

namespace OrleansCache.Redis;

/// <summary>One connection over a stream that does what a socket seldom does.</summary>
public sealed class RedisWireTests : IDisposable
{
    private readonly Wire _wire = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly RedisConnectionOptions _options = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _wire.Dispose();

    [Fact]
    public async Task A_write_that_fails_breaks_the_connection()
    {
        _wire.OnWrite = static () => Task.FromException(new IOException("No route."));
        var connection = Open();

        var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => AnswerAsync(connection.Send(["PING"])));

        Assert.True(failure.MaybeApplied);
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task What_waited_behind_a_write_that_ended_with_the_connection_was_not_applied()
    {
        var writing = new TaskCompletionSource();
        (_wire.OnWrite, _wire.OnDispose) = (() => writing.Task, () => writing.TrySetResult());
        var connection = Open();
        var (first, behind) = (connection.Send(["SET", "a", "1"]), connection.Send(["SET", "b", "2"]));

        await Task.Run(() => connection.Abort(new IOException("Gone.")), Cancellation);

        Assert.True((await Assert.ThrowsAsync<RedisConnectionException>(() => AnswerAsync(first))).MaybeApplied);
        Assert.False((await Assert.ThrowsAsync<RedisConnectionException>(() => AnswerAsync(behind))).MaybeApplied);
        Assert.Single(_wire.Written);
    }

    [Fact]
    public async Task A_stream_that_ends_within_a_reply_breaks_the_connection()
    {
        var connection = Open();
        var answer = AnswerAsync(connection.Send(["PING"]));

        _wire.Receive("+PO");
        _wire.End();

        await Assert.ThrowsAsync<RedisConnectionException>(() => answer);
    }

    [Fact]
    public async Task What_callers_send_on_replies_that_came_together_leaves_together()
    {
        var connection = Open();
        var callers = Task.WhenAll(TwiceAsync(), TwiceAsync());
        var before = _wire.Written.Count;

        _wire.Receive("+OK\r\n+OK\r\n");

        await Eventually.TrueAsync(() => connection.Outstanding == 2 && _wire.Written.Count > before, cancellationToken: Cancellation);
        Assert.Equal(before + 1, _wire.Written.Count);
        _wire.Receive("+OK\r\n+OK\r\n");
        await callers;

        async Task TwiceAsync()
        {
            await connection.Send(["PING"]).ReplyAsync(Cancellation).ConfigureAwait(false);
            await connection.Send(["PING"]).ReplyAsync(Cancellation).ConfigureAwait(false);
        }
    }

    [Fact]
    public void Without_keepAlive_an_idle_connection_is_left_alone()
    {
        _options.KeepAlive = TimeSpan.Zero;
        var connection = Open();

        _clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(0, connection.Outstanding);
        Assert.False(connection.IsBroken);
    }

    private static async Task<RedisReply> AnswerAsync(PendingCommand command)
        => await command.ReplyAsync(Cancellation).AsTask().WaitAsync(Eventually.Deadline, Cancellation);

    private RedisConnection Open()
    {
        var connection = new RedisConnection(_wire, "wire", _options, _clock, static _ => { });
        connection.Start();
        return connection;
    }

    private sealed class Wire : Stream
    {
        private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>();

        public Func<Task> OnWrite { get; set; } = static () => Task.CompletedTask;

        public Action OnDispose { get; set; } = static () => { };

        public List<byte[]> Written { get; } = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Receive(string text) => _received.Writer.TryWrite(Encoding.ASCII.GetBytes(text));

        public void End() => _received.Writer.TryComplete();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!await _received.Reader.WaitToReadAsync(cancellationToken) || !_received.Reader.TryRead(out var bytes))
                return 0;
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (Written)
                Written.Add(buffer.ToArray());
            return new(OnWrite());
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            OnDispose();
            base.Dispose(disposing);
        }
    }
}
