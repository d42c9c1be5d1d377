using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansCache.TestSupport;

/// <summary>TCP ports on loopback that nobody listens on, from below the range that outgoing connections take.</summary>
public static class FreePort
{
    private const string WholeRange = "20000-28999";
    private static readonly HashSet<int> Given = [];

    /// <summary>Test runs that go beside each other have ranges of their own: <c>ORLEANSCACHE_TEST_PORTS=20000-24499</c>.</summary>
    private static readonly int[] Range = [.. (Environment.GetEnvironmentVariable("ORLEANSCACHE_TEST_PORTS") is { Length: > 0 } given ? given : WholeRange).Split('-').Select(static port => int.Parse(port, CultureInfo.InvariantCulture))];

    /// <summary>A port that was free just now and was not given before in this process.</summary>
    public static int Next() => Next(1);

    /// <summary>The first of <paramref name="count"/> free neighbouring ports.</summary>
    public static int Next(int count)
    {
        lock (Given)
        {
            for (var attempt = 0; attempt < 10_000; attempt++)
            {
                var ports = Enumerable.Range(Random.Shared.Next(Range[0], Range[1] - count), count).ToArray();
                if (!ports.All(port => !Given.Contains(port) && IsFree(port)))
                    continue;
                Given.UnionWith(ports);
                return ports[0];
            }
        }
        throw new InvalidOperationException($"No {count} free neighbouring ports between {Range[0]} and {Range[1]}.");
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
