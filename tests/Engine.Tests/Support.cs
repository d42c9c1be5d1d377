using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>What the engine logged.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    public ConcurrentQueue<(int Id, string Text)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, formatter(state, exception)));

    public void Dispose() { }
}

/// <summary>A silo and as many clients as a test wants.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];

    public LogLines Log { get; } = new();

    public SiloRuntime Silo => _hosts[0].Services.GetRequiredService<SiloRuntime>();

    public IPEndPoint Endpoint => Silo.Listener.Endpoint!;

    public static async Task<Rig> StartAsync(Action<EngineSiloOptions>? options = null, Action<IServiceCollection>? services = null)
    {
        var rig = new Rig();
        await rig.AddAsync(s =>
        {
            s.AddEngineSilo(o =>
            {
                o.Endpoint = new(IPAddress.Loopback, 0);
                options?.Invoke(o);
            });
            s.AddEngineMemoryStorage();
            services?.Invoke(s);
        });
        return rig;
    }

    public async Task<IHost> AddAsync(Action<IServiceCollection> services)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(Log);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));     // some grains never let go
        services(builder.Services);
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }

    public async Task<IClusterClient> ClientAsync(Action<EngineClientOptions>? options = null, Action<IServiceCollection>? services = null)
    {
        var host = await AddAsync(s =>
        {
            s.AddEngineClient(o =>
            {
                o.Endpoints.Add(Endpoint);
                options?.Invoke(o);
            });
            services?.Invoke(s);
        });
        return host.Services.GetRequiredService<IClusterClient>();
    }

    public async Task StopSiloAsync() => await _hosts[0].StopAsync();

    public async Task<string> LineAsync(int id, string? containing = null)
    {
        (int, string Text) line = (0, "");
        await Eventually.TrueAsync(() => (line = Log.Lines.FirstOrDefault(l => l.Id == id && (containing is null || l.Text.Contains(containing, StringComparison.Ordinal)))).Text is not null, what: $"log event {id} {containing}", cancellationToken: TestContext.Current.CancellationToken);
        return line.Text;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
