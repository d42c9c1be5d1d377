namespace OrleansCache.Engine;

/// <summary>A socket whose reader has a thread of its own and waits in the call: what comes wakes that thread, and not first one that
/// watches all sockets and then one of the pool. Where the last wait was a short one it looks again and again before it sleeps, since to
/// be woken takes as long as an answer; one thread of the process at a time does that, about. On the pool's threads it reads as any other.</summary>
internal sealed class PolledStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private static readonly long ShortWait = TimeProvider.System.TimestampFrequency / 10_000;       // 100 µs
    private static long s_lookedUntil;
    private long _waited = ShortWait;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!Thread.CurrentThread.IsThreadPoolThread)
        {
            var read = Socket.Receive(buffer.Span, SocketFlags.None, out var error);
            if (error != SocketError.WouldBlock)
                return error == SocketError.Success ? new(read) : throw new IOException(new SocketException((int)error).Message);
            var began = TimeProvider.System.GetTimestamp();
            var looks = _waited < ShortWait && began > Volatile.Read(ref s_lookedUntil);
            if (looks)
                Volatile.Write(ref s_lookedUntil, began + ShortWait);
            for (; !Socket.Poll(looks ? TimeSpan.Zero : TimeSpan.FromSeconds(1), SelectMode.SelectRead); Thread.Yield())
            {
                cancellationToken.ThrowIfCancellationRequested();       // so the token is looked at each second
                looks &= TimeProvider.System.GetTimestamp() - began < ShortWait;
            }
            if (looks)
                Volatile.Write(ref s_lookedUntil, 0);
            _waited = TimeProvider.System.GetTimestamp() - began;
        }
        return base.ReadAsync(buffer, cancellationToken);
    }
}
