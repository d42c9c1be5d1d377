using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace OrleansCache;

/// <summary>TLS settings of the silo's port as the transport takes them.</summary>
internal static class SiloTls
{
    /// <summary>Null without a certificate.</summary>
    public static SslServerAuthenticationOptions? Of(SiloTlsOptions options)
    {
        if (options.CertificateFile is not { } certificate)
            return null;
        var tls = new SslServerAuthenticationOptions { ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, options.KeyFile ?? certificate) };
        if (options.ClientCaFile is { } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authorities);
            tls.CertificateChainPolicy = policy;
            tls.ClientCertificateRequired = true;
        }

        return tls;
    }
}
