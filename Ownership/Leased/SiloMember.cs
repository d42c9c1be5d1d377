using System.Globalization;
using System.Net;
using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>One silo of a view.</summary>
/// <param name="Incarnation">New for every start of a process.</param>
/// <param name="Name">Address and port of its endpoint.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Host">Its machine.</param>
/// <param name="IsLeaving">It has no keys any more, and is waited for until it has let them go.</param>
/// <param name="Dialect">Its engine and the number of the formats that silos share: who differs there cannot serve with it.</param>
internal sealed record SiloMember(Guid Incarnation, string Name, int Pid, string Host, bool IsLeaving = false, string? Dialect = null)
{
    /// <summary>Where it is reached: one that listens on every address, by its machine's name. Null for a name that is no endpoint.</summary>
    [JsonIgnore]
    public EndPoint? EndPoint => IPEndPoint.TryParse(Name, out var numbered) ? IsAny(numbered) ? new DnsEndPoint(Host, numbered.Port) : numbered
        : Name.LastIndexOf(':') is > 0 and var colon && ushort.TryParse(Name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new DnsEndPoint(Name[..colon], port)
        : null;

    /// <summary>
    /// What places its keys: the same for a silo that is started again at the same place, another for any other silo. A name that means
    /// something else on each machine has the machine's before it.
    /// </summary>
    [JsonIgnore]
    public string Address => IPEndPoint.TryParse(Name, out var named) && (IsAny(named) || IPAddress.IsLoopback(named.Address)) ? $"{Host}/{Name}" : Name;

    /// <summary>Its name leads every machine to itself.</summary>
    [JsonIgnore]
    public bool IsLoopback => IPEndPoint.TryParse(Name, out var named) && IPAddress.IsLoopback(named.Address);

    /// <summary>False for one whose messages or records the other does not understand, or who cannot be reached from there.</summary>
    public bool MayServeWith(SiloMember other) => Dialect == other.Dialect && (Host == other.Host || !(IsLoopback || other.IsLoopback));

    /// <summary>The name or address, without the port.</summary>
    public static string HostOf(EndPoint endPoint) => endPoint is DnsEndPoint named ? named.Host : ((IPEndPoint)endPoint).Address.ToString();

    private static bool IsAny(IPEndPoint named) => named.Address.Equals(IPAddress.Any) || named.Address.Equals(IPAddress.IPv6Any);
}
