using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace OrleansCache;

/// <summary>
/// The address by which others reach a silo that listens on every one and names none: what its machine's name means, or, where that leads the
/// machine to itself, that of the interface that leads out, or of the only one there is. Among several that lead nowhere none is taken: one may be
/// a bridge for containers, whose address other machines have too.
/// </summary>
internal static class MachineAddress
{
    /// <param name="any">Every address of IPv4, or of both: what the silo listens on.</param>
    public static IPAddress Of(IPAddress any)
    {
        var networks = Networks();
        return Choose(any.AddressFamily, Named(), Addresses(networks.Where(LeadsOut)), Addresses(networks));
    }

    /// <param name="family">Of the address that the silo listens on; by IPv6 it listens on IPv4 too.</param>
    /// <param name="named">What the machine's name means.</param>
    /// <param name="outward">Of the interfaces with a gateway.</param>
    /// <param name="all">Of all interfaces.</param>
    internal static IPAddress Choose(AddressFamily family, IReadOnlyList<IPAddress> named, IReadOnlyList<IPAddress> outward, IReadOnlyList<IPAddress> all)
    {
        bool IsReachable(IPAddress address) => address.AddressFamily == family && !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal;
        return named.FirstOrDefault(IsReachable) ?? outward.FirstOrDefault(IsReachable)
            ?? (all.Where(IsReachable).ToArray() is [var only] ? only : null)
            ?? (family == AddressFamily.InterNetworkV6 ? Choose(AddressFamily.InterNetwork, named, outward, all) : IPAddress.Loopback);
    }

    /// <summary>What the machine's name means; may take as long as the system's resolver does.</summary>
    public static IPAddress[] Named()
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

    private static IPInterfaceProperties[] Networks()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces().Where(static network => network.OperationalStatus == OperationalStatus.Up).Select(static network => network.GetIPProperties())];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }

    private static bool LeadsOut(IPInterfaceProperties network) =>
        network.GatewayAddresses.Any(static gateway => !gateway.Address.Equals(IPAddress.Any) && !gateway.Address.Equals(IPAddress.IPv6Any));

    private static IPAddress[] Addresses(IEnumerable<IPInterfaceProperties> networks) =>
        [.. networks.SelectMany(static network => network.UnicastAddresses, static (_, unicast) => unicast.Address)];
}
