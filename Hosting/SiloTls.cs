using System.Net;
using System.Net.Security;

namespace OrleansCache;

/// <summary>TLS settings of the silo's port as the transport takes them.</summary>
internal static class SiloTls
{
    /// <summary>Null without a certificate.</summary>
    public static SslServerAuthenticationOptions? Of(SiloTlsOptions options) => options.CertificateFile is not { } certificate ? null : new()
    {
        ServerCertificateContext = TlsFiles.Certificate(certificate, options.KeyFile),
        ClientCertificateRequired = options.ClientCaFile is not null,
        CertificateChainPolicy = options.ClientCaFile is { } authorities ? TlsFiles.Trust(authorities) : null,
    };

    /// <summary>How this silo calls another: with its own certificate, and trusting whom it takes as a client. Null without a certificate.</summary>
    public static Func<EndPoint, SslClientAuthenticationOptions>? ToSilos(SiloTlsOptions options) => options.CertificateFile is null ? null
        : silo => ClientTls.Of(AsClient(options), SiloMember.HostOf(silo));

    /// <summary>This silo as the client of another.</summary>
    public static ClientTlsOptions AsClient(SiloTlsOptions options) => new() { CertificateFile = options.CertificateFile, KeyFile = options.KeyFile, CaFile = options.ClientCaFile };
}
