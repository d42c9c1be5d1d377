using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansCache;

/// <summary>What TLS settings name: PEM files.</summary>
internal static class TlsFiles
{
    /// <summary>A certificate with its private key, and what else the file holds as the chain to show with it.</summary>
    public static SslStreamCertificateContext Certificate(string file, string? keyFile)
    {
        var own = X509Certificate2.CreateFromPemFile(file, keyFile ?? file);
        if (OperatingSystem.IsWindows())        // whose TLS takes no key that is in memory only
            own = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), password: null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    /// <summary>Trust in these authorities alone.</summary>
    public static X509ChainPolicy Trust(string authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authorities);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException("It holds no certificate.");
    }

    /// <summary>What is wrong: the setting, its value and the way out.</summary>
    public static IEnumerable<(string Setting, string? File, string Remedy)> Errors(string? certificate, string? key, string authoritiesSetting, string? authorities)
    {
        (string Setting, string? File)[] files = [("CertificateFile", certificate), ("KeyFile", key), (authoritiesSetting, authorities)];
        foreach (var (setting, file) in files.Where(f => f.File is not null && !File.Exists(f.File)))
            yield return (setting, file, "there is no such file; name a PEM file that this process may read");
        if (key is not null && certificate is null)
            yield return ("KeyFile", key, "set CertificateFile too");
        if (files.Any(f => f.File is not null && !File.Exists(f.File)))
            yield break;
        if (certificate is not null && Problem(() => Certificate(certificate, key)) is { } unusable)
            yield return ("CertificateFile", certificate, $"it cannot be used ({unusable}); name a PEM file with a certificate, and in KeyFile one with its private key");
        if (authorities is not null && Problem(() => Trust(authorities)) is { } untrusted)
            yield return (authoritiesSetting, authorities, $"it cannot be used ({untrusted}); name a PEM file with the certificates of the authorities to trust");
    }

    private static string? Problem(Func<object> load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return exception.Message.TrimEnd('.');
        }
    }
}
