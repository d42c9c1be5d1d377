using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace OrleansCache.Tests;

/// <summary>A listener that accepts when the test says so and answers each request by hand.</summary>
internal sealed class RawOrigin : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _crowd = [];

    public RawOrigin(int backlog = 128)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(backlog);
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/";

    /// <summary>Fills the kernel's queue of connections nobody accepted, so that the next connect has to wait.</summary>
    public async Task FillQueueAsync()
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            try
            {
                await socket.ConnectAsync(_listener.LocalEndPoint!, patience.Token);
                _crowd.Add(socket);
            }
            catch (OperationCanceledException)
            {
                socket.Dispose();
                return;
            }
        }
    }

    /// <summary>True while a connect waits for room in the queue.</summary>
    public bool IsBeingConnectedTo => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Any(connection => connection.State == TcpState.SynSent && connection.RemoteEndPoint.Port == ((IPEndPoint)_listener.LocalEndPoint!).Port);

    /// <summary>Accepts and drops what filled the queue.</summary>
    public async Task EmptyQueueAsync()
    {
        foreach (var waiting in _crowd)
        {
            using var accepted = await _listener.AcceptAsync();
            waiting.Dispose();
        }
    }

    public async Task<NetworkStream> AcceptAsync() => new(await _listener.AcceptAsync(), ownsSocket: true);

    /// <summary>The next connection that asks for something: one that was given up while the queue was full ends without.</summary>
    public async Task<(NetworkStream Connection, string Head)> AcceptRequestAsync()
    {
        while (true)
        {
            var connection = await AcceptAsync();
            if (await ReadAsync(connection) is { } head)
                return (connection, head);
            await connection.DisposeAsync();
        }
    }

    /// <summary>Reads one request's head; null when the connection ended.</summary>
    public static async Task<string?> ReadAsync(Stream connection)
    {
        var head = new StringBuilder();
        var buffer = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await connection.ReadAsync(buffer) == 0)
                return null;
            head.Append((char)buffer[0]);
        }

        return head.ToString();
    }

    /// <summary>Reads until the connection ends, in order or not, or has given that many bytes; returns how many came.</summary>
    public static async Task<long> DrainAsync(Stream connection, long most)
    {
        var (buffer, all) = (new byte[1 << 16], 0L);
        try
        {
            while (all < most && await connection.ReadAsync(buffer) is > 0 and var got)
                all += got;
        }
        catch (IOException)
        {
            // Cut.
        }

        return all;
    }

    public static async Task AnswerAsync(Stream connection) =>
        await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray());

    public void Dispose()
    {
        _listener.Dispose();
        _crowd.ForEach(socket => socket.Dispose());
    }
}
