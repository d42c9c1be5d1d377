using System.Net;

namespace OrleansCache;

/// <summary>What the program itself must know before the host is built.</summary>
internal sealed record SiloSettings(HttpOptions Http, CacheSiloOptions Silo, string Data, string? Redis)
{
    private const int FirstHttpPort = 8888;

    public int HttpPort => Http.Port ?? FirstHttpPort + Silo.Silo.Index;

    /// <summary>For people on this machine.</summary>
    public string Url => Http.IsLoopback || Http.Address == "*" || IPAddress.Any.Equals(Http.Addresses()![0])
        ? $"http://127.0.0.1:{HttpPort}"
        : $"http://{(Http.Address.Contains(':', StringComparison.Ordinal) ? $"[{Http.Address}]" : Http.Address)}:{HttpPort}";

    /// <summary>Those of the configured addresses that this machine has: it may be without IPv6.</summary>
    public IEnumerable<IPAddress> HttpAddresses => Http.Addresses()!.Where(address => !address.Equals(IPAddress.IPv6Loopback) || Preflight.Exists(address));

    public static SiloSettings Read(IConfiguration configuration)
    {
        var http = SectionBinder.Bind<HttpOptions>(configuration, HttpOptions.SectionName);
        if (new HttpOptionsValidator().Validate(null, http) is { Failed: true } invalid)
            throw new StartRefusedException(string.Join(Environment.NewLine, invalid.Failures ?? []));
        var silo = new CacheSiloOptions();
        try
        {
            configuration.GetSection(CacheSiloOptions.SectionName).Bind(silo);
        }
        catch (InvalidOperationException e)
        {
            throw new StartRefusedException($"{e.Message.TrimEnd('.')}; give a value of that type.", e);
        }

        return new(http, silo, silo.Data ?? SiloFolders.DefaultData, configuration.GetConnectionString(SiloApp.RedisConnection));
    }

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
