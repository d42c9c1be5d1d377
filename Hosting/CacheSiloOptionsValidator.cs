using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Refuses a cluster id that no key can carry and endpoints that nobody can listen on.</summary>
internal sealed partial class CacheSiloOptionsValidator : IValidateOptions<CacheSiloOptions>
{
    public ValidateOptionsResult Validate(string? name, CacheSiloOptions options)
    {
        var errors = new ConfigurationErrors();
        if (!ClusterIds().IsMatch(options.ClusterId))
            errors.Add("OrleansCache:ClusterId", options.ClusterId, "use 1 to 64 letters, digits, '-', '_' or '.'");
        if (options.Silo.Index is < 0 or > 999)
            errors.Add("OrleansCache:Silo:Index", options.Silo.Index, "use a number from 0 to 999");
        if (!IPAddress.TryParse(options.Silo.Address, out _))
            errors.Add("OrleansCache:Silo:Address", options.Silo.Address, "use an IP address of this machine");
        if (options.Silo.AdvertisedAddress is { } advertised && !IsReachable(advertised))
            errors.Add("OrleansCache:Silo:AdvertisedAddress", advertised, "use one IP address or a name, without a port, by which others reach this silo");
        foreach (var (path, port) in new[] { ("OrleansCache:Silo:Port", options.Silo.Port), ("OrleansCache:Silo:ClientPort", options.Silo.ClientPort) })
        {
            if (port is < 1 or > 65535)
                errors.Add(path, port, "use a port from 1 to 65535");
        }

        var tls = options.Silo.Tls;
        foreach (var (setting, file, remedy) in TlsFiles.Errors(tls.CertificateFile, tls.KeyFile, nameof(tls.ClientCaFile), tls.ClientCaFile))
            errors.Add($"OrleansCache:Silo:Tls:{setting}", file, remedy);
        if (tls.CertificateFile is null && tls.ClientCaFile is { } authorities)
            errors.Add("OrleansCache:Silo:Tls:ClientCaFile", authorities, "set OrleansCache:Silo:Tls:CertificateFile too: without it the port is plain");

        return errors.Any ? ValidateOptionsResult.Fail(errors.All) : ValidateOptionsResult.Success;
    }

    private static bool IsReachable(string address) => IPAddress.TryParse(address, out var number)
        ? !number.Equals(IPAddress.Any) && !number.Equals(IPAddress.IPv6Any)
        : Uri.CheckHostName(address) == UriHostNameType.Dns;

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex ClusterIds();
}
