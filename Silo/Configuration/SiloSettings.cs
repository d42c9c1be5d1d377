using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>What the program itself must know before the host is built.</summary>
internal sealed record SiloSettings(HttpOptions Http, CacheSiloOptions Silo, string Data, string? Redis)
{
    private const int FirstHttpPort = 8888;

    public int HttpPort => Http.Port ?? FirstHttpPort + Silo.Silo.Index;

    /// <summary>For people on this machine.</summary>
    public string Url => $"http://{new IPEndPoint(IsWide ? IPAddress.Loopback : Http.Addresses()![0], HttpPort)}";

    private bool IsWide => Http.Address is "*" || Http.Addresses()![0] is var first && (first.Equals(IPAddress.Any) || first.Equals(IPAddress.IPv6Any));

    /// <summary>Those of the configured addresses that this machine has: it may be without IPv6.</summary>
    public IEnumerable<IPAddress> HttpAddresses => Http.Addresses()!.Where(address => !address.Equals(IPAddress.IPv6Loopback) || Preflight.Exists(address));

    /// <summary>Reads the sections that the program needs before there is a host; the others are checked when it starts.</summary>
    public static SiloSettings Read(IConfiguration configuration)
    {
        var root = configuration.GetSection(CacheSiloOptions.SectionName);
        var errors = new ConfigurationErrors();
        foreach (var property in typeof(CacheSiloOptions).GetProperties())
            StrictConfiguration.Check(root.GetSection(property.Name), property.PropertyType, errors);
        StrictConfiguration.Check(configuration.GetSection(HttpOptions.SectionName), typeof(HttpOptions), errors);
        if (errors.Any)
            throw Invalid(errors.All);

        var silo = root.Get<CacheSiloOptions>() ?? new();
        var http = configuration.GetSection(HttpOptions.SectionName).Get<HttpOptions>() ?? new();
        string[] refusals = [.. new CacheSiloOptionsValidator().Validate(null, silo).Failures ?? [], .. new HttpOptionsValidator().Validate(null, http).Failures ?? []];
        if (refusals.Length > 0)
            throw Invalid(refusals);
        return new(http, silo, silo.Data ?? SiloFolders.DefaultData, configuration.GetConnectionString(SiloApp.RedisConnection));
    }

    private static OptionsValidationException Invalid(IEnumerable<string> failures) => new(CacheSiloOptions.SectionName, typeof(CacheSiloOptions), failures);

    /// <summary>Sees what can be seen to fail before anything starts.</summary>
    public void Check()
    {
        Preflight.RequireFolder(Data);
        foreach (var address in HttpAddresses)
            Preflight.RequirePort(address, HttpPort, "HTTP", "--port");
        if (IPAddress.TryParse(Silo.Silo.Address, out var siloAddress))
        {
            Preflight.RequirePort(siloAddress, Silo.Silo.EffectivePort, "silo", "--silo-port");
            if (EngineHosting.ClientPort(Silo.Silo) is var client && client != Silo.Silo.EffectivePort)
                Preflight.RequirePort(siloAddress, client, "client", "--OrleansCache:Silo:ClientPort=N");
        }
    }
}
