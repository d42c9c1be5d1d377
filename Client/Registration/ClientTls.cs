using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace OrleansCache;

/// <summary>TLS settings as the transport takes them.</summary>
internal static class ClientTls
{
    /// <summary>Null without TLS.</summary>
    public static SslClientAuthenticationOptions? Of(ClientTlsOptions options, string host)
    {
        if (!options.Enabled)
            return null;
        var tls = new SslClientAuthenticationOptions { TargetHost = options.TargetHost ?? host };
        if (options.CertificateFile is { } certificate)
            tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, options.KeyFile ?? certificate)];
        if (options.CaFile is { } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authorities);
            tls.CertificateChainPolicy = policy;
        }

        return tls;
    }
}
