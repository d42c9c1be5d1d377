namespace OrleansCache.Engine;

/// <summary>A socket whose reader has a thread of its own and waits in the call: what comes wakes that thread, and not first one that
/// watches all sockets and then one of the pool. Where the last wait was a short one it looks again and again before it sleeps, since to
/// be woken takes longer than an answer does. On the pool's threads it reads as any other.</summary>
internal sealed class PolledStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private static readonly TimeSpan ShortWait = TimeSpan.FromMicroseconds(100);
    private TimeSpan _waited = ShortWait;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!Thread.CurrentThread.IsThreadPoolThread)
        {
            var read = Socket.Receive(buffer.Span, SocketFlags.None, out var error);
            if (error != SocketError.WouldBlock)
                return error == SocketError.Success ? new(read) : throw new IOException(new SocketException((int)error).Message);
            var (began, looks) = (TimeProvider.System.GetTimestamp(), _waited < ShortWait);
            for (; !Socket.Poll(looks ? TimeSpan.Zero : TimeSpan.FromSeconds(1), SelectMode.SelectRead); Thread.Yield())
            {
                cancellationToken.ThrowIfCancellationRequested();
                looks &= TimeProvider.System.GetElapsedTime(began) < ShortWait;
            }
            _waited = TimeProvider.System.GetElapsedTime(began);
        }
        return base.ReadAsync(buffer, cancellationToken);
    }
}
