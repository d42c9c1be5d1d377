using System.Net;
using System.Net.Sockets;

namespace OrleansCache.Silo.Tests;

/// <summary>Which address a silo publishes that listens on every one.</summary>
public sealed class MachineAddressTests
{
    [Theory]
    [InlineData("10.1.2.3", "192.0.2.2", "192.0.2.2 10.1.2.3", "10.1.2.3")]         // what the name says comes first
    [InlineData("127.0.1.1 10.1.2.3", "192.0.2.2", "192.0.2.2 10.1.2.3", "10.1.2.3")]
    [InlineData("127.0.1.1", "192.0.2.2", "172.17.0.1 192.0.2.2", "192.0.2.2")]     // as on Debian
    [InlineData("", "192.0.2.2", "127.0.0.1 192.0.2.2", "192.0.2.2")]
    [InlineData("fd00::1 127.0.0.1", "fe80::1 fd00::2 192.0.2.2", "192.0.2.2", "192.0.2.2")]
    [InlineData("127.0.1.1", "", "127.0.0.1 192.0.2.2", "192.0.2.2")]               // nothing leads out
    [InlineData("127.0.0.1", "", "127.0.0.1 172.17.0.1 192.0.2.2", "127.0.0.1")]
    [InlineData("", "", "", "127.0.0.1")]
    public void IPv4(string named, string outward, string all, string expected) => Check(AddressFamily.InterNetwork, named, outward, all, expected);

    [Theory]
    [InlineData("10.1.2.3 fd00::1", "fd00::2", "fd00::2", "fd00::1")]
    [InlineData("fe80::1", "fe80::2 fd00::2", "fe80::2 fd00::2", "fd00::2")]
    [InlineData("::1", "fe80::2 192.0.2.2", "::1 fe80::2 192.0.2.2", "192.0.2.2")]  // who listens by IPv6 listens on IPv4 too
    [InlineData("::1", "", "::1", "127.0.0.1")]
    public void IPv6(string named, string outward, string all, string expected) => Check(AddressFamily.InterNetworkV6, named, outward, all, expected);

    private static void Check(AddressFamily family, string named, string outward, string all, string expected) =>
        Assert.Equal(IPAddress.Parse(expected), MachineAddress.Choose(family, Parse(named), Parse(outward), Parse(all)));

    private static IPAddress[] Parse(string addresses) => [.. addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];
}
