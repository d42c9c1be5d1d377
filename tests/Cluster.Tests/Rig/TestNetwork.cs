using System.Diagnostics;
using System.Net;

namespace OrleansCache.Cluster;

/// <summary>
/// A network that the test owns: places with an address each on one bridge, of which any two can be cut off from each other. Packets between
/// these are lost without a word, also those of connections that stood. Needs Linux and root.
/// </summary>
internal sealed class TestNetwork : IDisposable
{
    private const string Nobody = "02:00:00:00:00:99";
    private readonly string _name = $"oc{Environment.ProcessId}x{Random.Shared.Next(100):00}";
    private readonly string _subnet = $"10.{Random.Shared.Next(100, 250)}.{Random.Shared.Next(1, 250)}";
    private readonly List<NetworkPlace> _places = [];

    private TestNetwork()
    {
        Ip("link", "add", _name, "type", "bridge");
        AppDomain.CurrentDomain.ProcessExit += EndOfTests;
        Ip("addr", "add", $"{Host}/24", "dev", _name);
        Ip("link", "set", _name, "up");
    }

    /// <summary>The test's own address there.</summary>
    public IPAddress Host => IPAddress.Parse($"{_subnet}.254");

    /// <summary>Makes one; skips the test where that is not allowed.</summary>
    public static TestNetwork Create()
    {
        Assert.SkipUnless(ChildProcess.Find("ip") is not null && Environment.IsPrivilegedProcess, "Network namespaces need root and the program ip (package iproute2).");
        try
        {
            return new();
        }
        catch (InvalidOperationException e)
        {
            Assert.Skip($"This machine makes no network of the test's own: {e.Message}");
            throw;
        }
    }

    public NetworkPlace Add()
    {
        var number = _places.Count + 1;
        var place = new NetworkPlace($"{_name}n{number}", $"{_subnet}.{number}");
        Ip("netns", "add", place.Namespace);
        _places.Add(place);
        Ip("link", "add", $"{_name}v{number}", "type", "veth", "peer", "name", "eth0", "netns", place.Namespace);
        Ip("link", "set", $"{_name}v{number}", "master", _name, "up");
        Ip("-n", place.Namespace, "addr", "add", $"{place.Address}/24", "dev", "eth0");
        Ip("-n", place.Namespace, "link", "set", "eth0", "up");
        Ip("-n", place.Namespace, "link", "set", "lo", "up");
        return place;
    }

    /// <summary>What either sends to the other goes to nobody.</summary>
    public static void Cut(NetworkPlace one, NetworkPlace other)
    {
        Ip("-n", one.Namespace, "neigh", "replace", other.Address, "lladdr", Nobody, "dev", "eth0", "nud", "permanent");
        Ip("-n", other.Namespace, "neigh", "replace", one.Address, "lladdr", Nobody, "dev", "eth0", "nud", "permanent");
    }

    public static void Heal(NetworkPlace one, NetworkPlace other)
    {
        Ip("-n", one.Namespace, "neigh", "del", other.Address, "dev", "eth0");
        Ip("-n", other.Namespace, "neigh", "del", one.Address, "dev", "eth0");
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndOfTests;
        foreach (var place in _places)
            Ip("netns", "del", place.Namespace);
        Ip("link", "del", _name);
    }

    private void EndOfTests(object? sender, EventArgs e) => Dispose();

    private static void Ip(params string[] words)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", words) { RedirectStandardError = true })!;
        var said = ip.StandardError.ReadToEnd();
        ip.WaitForExit();
        if (ip.ExitCode != 0)
            throw new InvalidOperationException($"ip {string.Join(' ', words)}: {said.Trim()}");
    }
}

/// <summary>A place in a <see cref="TestNetwork"/>.</summary>
/// <param name="Namespace">Its name for <c>ip netns</c>.</param>
/// <param name="Address">Where the others reach it.</param>
internal sealed record NetworkPlace(string Namespace, string Address)
{
    /// <summary>Starts a program that has this place's network.</summary>
    public ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        ChildProcess.Start("ip", ["netns", "exec", Namespace, program, .. arguments], environment);
}
