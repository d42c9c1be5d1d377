using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansCache.Cluster;

/// <summary>An origin on a free port: <c>items/ID</c> is ID, <c>items/1,2</c> is <c>{"1":1,"2":2}</c>, and the instant of every call is kept.</summary>
/// <remarks>The instant is the kernel's: the processes of a test share a few cores, and who only reads a call may do so a second after it came.</remarks>
internal sealed class CountingOrigin : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentQueue<(string Id, DateTimeOffset At)> _calls = new();
    private readonly ConcurrentQueue<(Socket Socket, Thread Thread)> _connections = new();
    private readonly Thread _accepting;
    private readonly TimeSpan _delay;

    private CountingOrigin(TimeSpan delay) => (_accepting, _delay) = (new(Accept) { IsBackground = true }, delay);

    public int Calls => _calls.Count;

    public IEnumerable<DateTimeOffset> Arrivals => _calls.Select(static call => call.At);

    /// <summary>Which item was asked for, oldest first.</summary>
    public IEnumerable<string> Asked => _calls.Select(static call => call.Id);

    /// <summary>A silo's settings that declare it as <c>origin/item?id=…</c>, fresh for long.</summary>
    public string[] Settings { get; private set; } = [];

    /// <param name="delay">Of each answer.</param>
    /// <param name="listenOn">Loopback when null.</param>
    public static CountingOrigin Start(TimeSpan delay = default, IPAddress? listenOn = null)
    {
        var origin = new CountingOrigin(delay);
        ArrivalStamp.Ask(origin._listener);
        origin._listener.Bind(new IPEndPoint(listenOn ?? IPAddress.Loopback, 0));
        origin._listener.Listen(512);
        origin._accepting.Start();
        origin.Settings =
        [
            $"--OrleansCache:Integrations:origin:BaseAddress=http://{origin._listener.LocalEndPoint}/",
            "--OrleansCache:Integrations:origin:Methods:item:Get=items/{id}",
            "--OrleansCache:Integrations:origin:Methods:item:FreshFor=01:00:00",
        ];
        return origin;
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _accepting.Join();
        foreach (var (socket, thread) in _connections)
        {
            Shut(socket);
            thread.Join();
        }

        return default;
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var socket = _listener.Accept();
                socket.NoDelay = true;
                var thread = new Thread(() => Serve(socket)) { IsBackground = true };
                _connections.Enqueue((socket, thread));
                thread.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The origin ends.
        }
    }

    private void Serve(Socket socket)
    {
        try
        {
            using (socket)
            {
                while (Read(socket) is { } id)
                {
                    if (_delay > TimeSpan.Zero)
                        socket.Poll(_delay, SelectMode.SelectRead);     // nothing comes before the answer has gone
                    var (type, body) = id.Contains(',', StringComparison.Ordinal)
                        ? ("application/json", $"{{{string.Join(',', id.Split(',').Select(static one => $"\"{one}\":{one}"))}}}")
                        : ("text/plain", id);
                    socket.Send(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
                }
            }
        }
        catch (SocketException)
        {
            // The silo is gone.
        }
    }

    /// <summary>The next call's ID, noted as come when its first byte came; null at the end. Who calls waits for the answer before calling again.</summary>
    private string? Read(Socket socket)
    {
        var bytes = new byte[8_192];
        var filled = 0;
        DateTimeOffset? cameAt = null;
        while (bytes.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) < 0)
        {
            var read = ArrivalStamp.Receive(socket, bytes.AsSpan(filled), out var at);
            if (read == 0)
                return null;
            cameAt ??= at;
            filled += read;
        }

        var id = Encoding.ASCII.GetString(bytes, 0, filled).Split(' ')[1].Split('/')[^1];
        _calls.Enqueue((id, cameAt!.Value));
        return id;
    }

    private static void Shut(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }
}
