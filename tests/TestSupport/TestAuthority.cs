using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansCache.TestSupport;

/// <summary>A certificate authority that exists for one test; its files are PEM, in a folder that goes away with it.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oc-tls-").FullName;
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _issuer;

    /// <param name="throughIntermediate">Certificates are signed by an intermediate authority, and their files hold its certificate too.</param>
    public TestAuthority(bool throughIntermediate = false)
    {
        _root = Sign("CN=test root", issuer: null, isAuthority: true);
        _issuer = throughIntermediate ? Sign("CN=test intermediate", _root, isAuthority: true) : _root;
        CaFile = Write("ca.crt", _root.ExportCertificatePem());
    }

    /// <summary>The authority's own certificate.</summary>
    public string CaFile { get; }

    /// <summary>A certificate for <c>localhost</c> and 127.0.0.1, and its private key.</summary>
    public (string CertificateFile, string KeyFile) Issue(string name)
    {
        using var certificate = Sign($"CN={name}", _issuer, isAuthority: false);
        using var key = certificate.GetECDsaPrivateKey()!;
        var chain = certificate.ExportCertificatePem() + (_issuer == _root ? "" : "\n" + _issuer.ExportCertificatePem());
        return (Write($"{name}.crt", chain), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose()
    {
        _issuer.Dispose();
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static X509Certificate2 Sign(string name, X509Certificate2? issuer, bool isAuthority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
        }
        var now = TimeProvider.System.GetUtcNow();
        if (issuer is null)
            return request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        using var signed = request.Create(issuer, now.AddMinutes(-30), now.AddHours(12), Guid.NewGuid().ToByteArray());
        return signed.CopyWithPrivateKey(key);
    }
}
