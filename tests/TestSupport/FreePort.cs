using System.Net;
using System.Net.Sockets;

namespace OrleansCache.TestSupport;

/// <summary>TCP ports on loopback that nobody listens on, from below the range that outgoing connections take.</summary>
public static class FreePort
{
    private const int First = 20_000;
    private const int Count = 9_000;
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that was free just now and was not given before in this process.</summary>
    public static int Next() => Next(1);

    /// <summary>The first of <paramref name="count"/> free neighbouring ports.</summary>
    public static int Next(int count)
    {
        lock (Given)
        {
            for (var attempt = 0; attempt < 10_000; attempt++)
            {
                var ports = Enumerable.Range(First + Random.Shared.Next(Count - count), count).ToArray();
                if (!ports.All(port => !Given.Contains(port) && IsFree(port)))
                    continue;
                Given.UnionWith(ports);
                return ports[0];
            }
        }
        throw new InvalidOperationException($"No {count} free neighbouring ports between {First} and {First + Count}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
