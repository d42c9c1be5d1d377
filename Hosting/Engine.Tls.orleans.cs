using System.Net.Security;
using Orleans.Connections.Security;
using Orleans.Hosting;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: our TLS settings for both ports of a silo, and for its connections to others.</summary>
internal static class EngineSiloTls
{
    /// <summary>Nothing without a certificate.</summary>
    public static void Use(ISiloBuilder silo, SiloTlsOptions options)
    {
        if (SiloTls.Of(options) is not { } ours)
            return;
        var toSilos = SiloTls.AsClient(options);
        silo.UseTls(tls =>
        {
            tls.LocalCertificate = ours.ServerCertificateContext!.TargetCertificate;
            tls.RemoteCertificateMode = RemoteCertificateMode.NoCertificate;        // no checks beside those of our settings
            tls.OnAuthenticateAsServer = (_, given) =>
            {
                var theirs = (SslServerAuthenticationOptions)given.SslServerAuthenticationOptions;
                (theirs.ServerCertificateSelectionCallback, theirs.ServerCertificateContext) = (null, ours.ServerCertificateContext);
                (theirs.ClientCertificateRequired, theirs.CertificateChainPolicy) = (ours.ClientCertificateRequired, ours.CertificateChainPolicy);
            };
            tls.OnAuthenticateAsClient = (connection, given) => EngineTls.Authenticate(toSilos, connection, given);
        });
    }
}
