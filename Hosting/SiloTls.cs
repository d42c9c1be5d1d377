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
    public static Func<EndPoint, SslClientAuthenticationOptions>? ToSilos(SiloTlsOptions options) => options.CertificateFile is not { } certificate ? null
        : silo => ClientTls.Of(new() { CertificateFile = certificate, KeyFile = options.KeyFile, CaFile = options.ClientCaFile }, SiloMember.HostOf(silo));
}
