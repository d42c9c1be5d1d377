using System.Net;

namespace OrleansCache;

/// <summary>Who this silo is and where it listens: section <c>OrleansCache</c>.</summary>
public sealed class CacheSiloOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "OrleansCache";

    /// <summary>Names the cluster: silos and clients of different ids do not talk, and share no stored entry. 1 to 64 letters, digits, <c>-</c>, <c>_</c> or <c>.</c>.</summary>
    public string ClusterId { get; set; } = "default";

    /// <summary>The folder for values when no Redis is named; null keeps them in memory only.</summary>
    public string? Data { get; set; }

    /// <summary>The endpoints.</summary>
    public SiloEndpointOptions Silo { get; set; } = new();

    /// <summary>The silo's name: address and port, by which clients and other silos find it.</summary>
    internal string SiloName => IPAddress.TryParse(Silo.AdvertisedAddress ?? Silo.Address, out var address)
        ? new IPEndPoint(address, Silo.EffectivePort).ToString()
        : $"{Silo.AdvertisedAddress}:{Silo.EffectivePort}";
}

/// <summary>Where silos and clients reach this silo: section <c>OrleansCache:Silo</c>.</summary>
public sealed class SiloEndpointOptions
{
    /// <summary>The silo's number on this machine: it moves the default ports. 0 to 999.</summary>
    public int Index { get; set; }

    /// <summary>The address to listen on.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>
    /// The address or name, without a port, under which clients and other silos reach this one, as in a container or behind a translated address.
    /// When null it is <see cref="Address"/>, and the machine's name for a silo that listens on every address.
    /// </summary>
    public string? AdvertisedAddress { get; set; }

    /// <summary>The port of silo traffic; 11111 + <see cref="Index"/> when null. On <c>builtin</c> clients use it too.</summary>
    public int? Port { get; set; }

    /// <summary>The port of client traffic on <c>orleans</c>; 30000 + <see cref="Index"/> when null.</summary>
    public int? ClientPort { get; set; }

    /// <summary>Encryption of this port; plain without a certificate.</summary>
    public SiloTlsOptions Tls { get; set; } = new();

    internal int EffectivePort => Port ?? 11111 + Index;
    internal int EffectiveClientPort => ClientPort ?? 30000 + Index;
}

/// <summary>TLS on the silo's port: section <c>OrleansCache:Silo:Tls</c>.</summary>
public sealed class SiloTlsOptions
{
    /// <summary>A PEM file with the silo's certificate; null: connections are plain.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The PEM file of its private key; <see cref="CertificateFile"/> when null.</summary>
    public string? KeyFile { get; set; }

    /// <summary>A PEM file of certificate authorities; when set, a client must show a certificate that one of them signed.</summary>
    public string? ClientCaFile { get; set; }
}
