using Microsoft.AspNetCore.Connections;
using System.Net.Security;
using Orleans.Connections.Security;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: our TLS settings for the connections that this process opens.</summary>
internal static class EngineTls
{
    /// <summary>The checks are those of our settings alone: <see cref="RemoteCertificateMode.NoCertificate"/> adds none to them.</summary>
    public static TlsOptions ToSilos(ClientTlsOptions options) => new()
    {
        RemoteCertificateMode = RemoteCertificateMode.NoCertificate,
        OnAuthenticateAsClient = (connection, given) => Authenticate(options, connection, given),
    };

    public static void Authenticate(ClientTlsOptions options, ConnectionContext connection, TlsClientAuthenticationOptions given)
    {
        var ours = ClientTls.Of(options, SiloMember.HostOf(connection.RemoteEndPoint!));
        var theirs = (SslClientAuthenticationOptions)given.SslClientAuthenticationOptions;
        (theirs.TargetHost, theirs.ClientCertificateContext, theirs.CertificateChainPolicy) = (ours.TargetHost, ours.ClientCertificateContext, ours.CertificateChainPolicy);
    }
}
