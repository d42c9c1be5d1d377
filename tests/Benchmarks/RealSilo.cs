using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>The silo's own program with its gateway, and the sample origin, as processes.</summary>
internal sealed class RealSilo : IAsyncDisposable
{
    private readonly ChildProcess _origin;
    private readonly ChildProcess _silo;
    private readonly string _data;

    private RealSilo(ChildProcess partner, ChildProcess silo, string data, int http, int origin, string clients) =>
        (_origin, _silo, _data, Http, Origin, Clients) = (partner, silo, data, new($"http://127.0.0.1:{http}/"), new($"http://127.0.0.1:{origin}/"), clients);

    public Uri Http { get; }

    public Uri Origin { get; }

    /// <summary>A connection string for clients.</summary>
    public string Clients { get; }

    public static async Task<RealSilo> StartAsync(int originDelayMs, params string[] settings)
    {
        var (http, port, origin) = (FreePort.Next(), FreePort.Next(2), FreePort.Next());
        var data = Directory.CreateTempSubdirectory("stampede").FullName;
        var partner = ChildProcess.Start(Programs.DotNet, [Programs.Partner, "--port", $"{origin}", "--delay-ms", $"{originDelayMs}", "--limit", "1000000", "--parent-pid", $"{Environment.ProcessId}"]);
        await partner.WaitForLineAsync("partner: http");
        var silo = ChildProcess.Start(Programs.DotNet,
        [
            Programs.Silo, "--port", $"{http}", "--silo-port", $"{port}", $"--OrleansCache:Silo:ClientPort={port + 1}", "--data", data, "--no-origin", "--origin-port", $"{origin}", .. settings,
        ]);
        await silo.WaitForLineAsync("ready: ", TimeSpan.FromSeconds(60));
        return new(partner, silo, data, http, origin, $"127.0.0.1:{(EngineHosting.Name == "builtin" ? port : port + 1)}");
    }

    public static async Task<IHost> ClientAsync(string connection)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:cache", connection)]);
        builder.AddOrleansCacheClient("cache");
        var client = builder.Build();
        await client.StartAsync();
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.DisposeAsync();
        await _origin.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
