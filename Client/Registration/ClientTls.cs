using System.Net.Security;

namespace OrleansCache;

/// <summary>TLS settings as the transport takes them.</summary>
internal static class ClientTls
{
    public static SslClientAuthenticationOptions Of(ClientTlsOptions options, string host) => new()
    {
        TargetHost = options.TargetHost ?? host,
        ClientCertificateContext = options.CertificateFile is { } certificate ? TlsFiles.Certificate(certificate, options.KeyFile) : null,
        CertificateChainPolicy = options.CaFile is { } authorities ? TlsFiles.Trust(authorities) : null,
    };
}
