namespace OrleansCache.Engine;

/// <summary>A socket whose reader has a thread of its own and waits in the call: what comes wakes that thread, and not first one that
/// watches all sockets and then one of the pool. On the pool's threads it reads as any other.</summary>
internal sealed class PolledStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!Thread.CurrentThread.IsThreadPoolThread)
        {
            var read = Socket.Receive(buffer.Span, SocketFlags.None, out var error);
            if (error != SocketError.WouldBlock)
                return error == SocketError.Success ? new(read) : throw new IOException(new SocketException((int)error).Message);
            while (!Socket.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead))        // so often a token is looked at
                cancellationToken.ThrowIfCancellationRequested();
        }
        return base.ReadAsync(buffer, cancellationToken);
    }
}
