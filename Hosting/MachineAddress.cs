using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace OrleansCache;

/// <summary>
/// The address by which others reach a silo that listens on every one and names none: what its machine's name means, or, where that leads the
/// machine to itself, the address of the interface that leads out. An interface that leads nowhere, as a bridge for containers, is never meant: its
/// address is another machine's too, or ends with it.
/// </summary>
internal static class MachineAddress
{
    public static IPAddress Of(AddressFamily family) => Choose(Named(), Outward(), family);

    /// <param name="named">What the machine's name means.</param>
    /// <param name="outward">Of the interfaces with a gateway.</param>
    /// <param name="family">Of the address that the silo listens on.</param>
    internal static IPAddress Choose(IReadOnlyList<IPAddress> named, IReadOnlyList<IPAddress> outward, AddressFamily family)
    {
        bool IsReachable(IPAddress address) => address.AddressFamily == family && !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal;
        return named.FirstOrDefault(address => IsReachable(address) && outward.Contains(address))       // some systems mean all of theirs by the name
            ?? named.FirstOrDefault(IsReachable) ?? outward.FirstOrDefault(IsReachable)
            ?? (family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback);
    }

    private static IPAddress[] Named()
    {
        try
        {
            return Dns.GetHostAddresses(Environment.MachineName);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static IPAddress[] Outward() =>
    [
        .. from network in NetworkInterface.GetAllNetworkInterfaces()
           where network.OperationalStatus == OperationalStatus.Up
           let properties = network.GetIPProperties()
           where properties.GatewayAddresses.Any(static gateway => !gateway.Address.Equals(IPAddress.Any) && !gateway.Address.Equals(IPAddress.IPv6Any))
           from unicast in properties.UnicastAddresses
           select unicast.Address,
    ];
}
