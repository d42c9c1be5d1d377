using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace OrleansCache;

/// <summary>The HTTP side of the silo: section <c>OrleansCache:Http</c>.</summary>
internal sealed class HttpOptions
{
    public const string SectionName = "OrleansCache:Http";

    /// <summary><c>localhost</c>, an IP address of this machine, or <c>*</c> for all of them.</summary>
    public string Address { get; set; } = "localhost";

    /// <summary>8888 + the silo's index when null.</summary>
    [Range(1, 65535)]
    public int? Port { get; set; }

    /// <summary>The explicit word that anybody who reaches the address may read, write and remove.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// Names, without a port, that a request's Host may have besides localhost and addresses in numbers. With <see cref="AllowAnonymous"/> and
    /// none given, any.
    /// </summary>
    public string[] AllowedHosts { get; set; } = [];

    /// <summary>Origins, such as <c>https://shop.example</c>, whose web pages may change things besides this silo's own; <c>*</c> for any.</summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>How many connections may wait for changes of keys and tags at a time, 0 to 100,000.</summary>
    public int MaxWatchers { get; set; } = 1_000;

    /// <summary>Whether the silo calls itself before it is ready, so that the first callers find compiled code.</summary>
    public bool WarmUp { get; set; } = true;

    /// <summary>The addresses to listen on; null when <see cref="Address"/> is none.</summary>
    public IReadOnlyList<IPAddress>? Addresses() => Address.ToLowerInvariant() switch
    {
        "localhost" => [IPAddress.Loopback, IPAddress.IPv6Loopback],
        "*" => [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any],
        var text => IPAddress.TryParse(text, out var address) ? [address] : null,
    };

    public bool IsLoopback => Addresses()?.All(IPAddress.IsLoopback) ?? false;
}
