using System.Net.Sockets;
using System.Text;

namespace OrleansCache;

/// <summary>Callers of HTTP that cost next to nothing, so that what is measured is the server: one thread, and a connection for each.</summary>
internal sealed class HttpBurst : IDisposable
{
    private static readonly TimeProvider Clock = TimeProvider.System;
    private readonly Socket[] _connections;
    private readonly byte[] _answer = new byte[64 << 10];
    private readonly Uri _server;

    public HttpBurst(Uri server, int callers)
    {
        _server = server;
        _connections = [.. Enumerable.Range(0, callers).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 })];
        foreach (var connection in _connections)
            connection.Connect(server.Host, server.Port);
    }

    /// <summary>The milliseconds of the slowest, when all ask at once. They are read in turn, so it may be a little too high, and never too low.</summary>
    public double Slowest(string path)
    {
        var request = Encoding.ASCII.GetBytes($"GET /{path} HTTP/1.1\r\nHost: {_server.Authority}\r\n\r\n");
        var asked = new long[_connections.Length];
        for (var i = 0; i < asked.Length; i++)
        {
            asked[i] = Clock.GetTimestamp();
            _connections[i].Send(request);
        }

        return _connections.Zip(asked, TakeAnswer).Max();
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Dispose();
    }

    // The bodies are small: each answer comes in one piece.
    private double TakeAnswer(Socket connection, long asked)
    {
        var answer = Encoding.ASCII.GetString(_answer, 0, connection.Receive(_answer));
        return answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
            ? Clock.GetElapsedTime(asked).TotalMilliseconds
            : throw new InvalidOperationException($"The server answered {answer.Split('\r')[0]}.");
    }
}
