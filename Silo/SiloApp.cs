using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace OrleansCache;

/// <summary>The silo as a web application.</summary>
internal static class SiloApp
{
    public const string RedisConnection = "redis";
    private const int RequestLine = 32 * 1024;

    /// <summary>Connections that wait to be accepted. One too many is dropped, and tries again after a second.</summary>
    private const int Backlog = 4096;

    private const int SampleOriginPort = 8899;
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The builder with all configuration in it: files, environment, then the command line.</summary>
    public static WebApplicationBuilder CreateBuilder(CommandLine line)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = SiloFolders.Configuration });
        if (line.Config is { } file)
        {
            if (!File.Exists(file))
                throw new StartRefusedException($"--config is '{file}', and there is no such file; give the path of a JSON file.");
            builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: true);
        }

        LiveJsonSource.Replace(((IConfigurationBuilder)builder.Configuration).Sources, TimeProvider.System);

        var settings = new Dictionary<string, string?>(line.Settings, StringComparer.OrdinalIgnoreCase);
        if (line.Redis is { } redis)
            settings[$"ConnectionStrings:{RedisConnection}"] = redis;
        if (line.Port is { } port)
            settings[$"{HttpOptions.SectionName}:{nameof(HttpOptions.Port)}"] = HttpNumber.Text(port);
        if (line.SiloPort is { } siloPort)
            settings[$"{CacheSiloOptions.SectionName}:{nameof(CacheSiloOptions.Silo)}:{nameof(SiloEndpointOptions.Port)}"] = HttpNumber.Text(siloPort);
        if (line.Data is { } data)
            settings[$"{CacheSiloOptions.SectionName}:{nameof(CacheSiloOptions.Data)}"] = Path.GetFullPath(data);
        else if (builder.Configuration[$"{CacheSiloOptions.SectionName}:{nameof(CacheSiloOptions.Data)}"] is null)
            settings[$"{CacheSiloOptions.SectionName}:{nameof(CacheSiloOptions.Data)}"] = SiloFolders.DefaultData;
        if (line.OriginPort is { } originPort && SampleBaseAddress(builder.Configuration) is var (path, address))
            settings[path] = new UriBuilder(address) { Port = originPort }.Uri.ToString();
        builder.Configuration.AddInMemoryCollection(settings);
        return builder;
    }

    public static WebApplication Build(WebApplicationBuilder builder, SiloSettings settings, StartGate gate)
    {
        builder.Logging.ClearProviders().AddConsole(console => console.FormatterName = ConsoleLines.FormatterName)
            .AddConsoleFormatter<ConsoleLines, ConsoleFormatterOptions>();
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => gate.IsOpen && level >= LogLevel.Warning);      // a refused start is told once, by Program
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.AddOrleansCacheSilo(RedisConnection);
        builder.Services.AddKnownSection<HttpOptions>("Http");
        AddFace(builder, settings);
        builder.Services.AddSingleton(settings).AddSingleton<WarmUpLoads>().AddHostedService<WarmUp>();

        var app = builder.Build();
        var changes = app.Services.GetRequiredService<ILogger<LiveConfiguration>>();
        foreach (var file in ((IConfigurationBuilder)builder.Configuration).Sources.OfType<LiveJsonSource>())
            file.Refused = changes.ReloadRefused;
        UseFace(app);
        EngineHosting.MapDashboard(app);
        return app;
    }

    /// <summary>Adds what answers HTTP; the cache beneath is the caller's to add.</summary>
    internal static void AddFace(WebApplicationBuilder builder, SiloSettings settings)
    {
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "").UseSetting(WebHostDefaults.HttpPortsKey, "").UseSetting(WebHostDefaults.HttpsPortsKey, "");
        builder.WebHost.UseSockets(sockets =>
        {
            sockets.Backlog = Backlog;
            sockets.UnsafePreferInlineScheduling = true;     // nothing here blocks, and an answer leaves before the next waiter's is written
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = RequestLine;
            kestrel.Limits.MaxRequestBodySize = null;        // BodyReader counts, and answers with the reason
            foreach (var address in settings.HttpAddresses)
                kestrel.Listen(address, settings.HttpPort, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<ClientMetrics>();
        builder.Services.AddSingleton<SiloStatistics>().AddSingleton<Readiness>().AddSingleton<DashboardData>();
        builder.Services.AddSingleton<GatewayEndpoint>().AddSingleton<GatewayWrites>().AddSingleton<EntriesEndpoint>().AddSingleton<EventsEndpoint>().AddSingleton<TagsEndpoint>().AddSingleton<ManyEndpoint>().AddSingleton<CallsEndpoint>().AddSingleton<HealthEndpoint>().AddSingleton<DashboardEndpoint>();
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ChangesEndpoint>(provider, settings.Http));
        builder.Services.TryAddSingleton<IExchangePolicies, ExchangePolicies>();
        builder.Services.AddSingleton<TokenExchange>().AddSingleton<CallerGate>();
        builder.Services.AddSingleton(new HostNames(settings.Http)).AddSingleton<Dispatcher>();
    }

    internal static void UseFace(WebApplication app)
    {
        app.Services.GetRequiredService<SiloStatistics>();       // listens before the first meter is made
        app.Use(app.Services.GetRequiredService<Dispatcher>().InvokeAsync);
    }

    /// <summary>Where the integration of the sample has its address, when that is the sample origin of this machine.</summary>
    private static (string Path, Uri Address)? SampleBaseAddress(ConfigurationManager configuration)
    {
        const string Path = "OrleansCache:Integrations:partner:BaseAddress";
        return Uri.TryCreate(configuration[Path], UriKind.Absolute, out var address) && address is { IsLoopback: true, Port: SampleOriginPort } ? (Path, address) : null;
    }
}

/// <summary>Opens once the silo has started: from then on the host's own errors are logged.</summary>
internal sealed class StartGate
{
    public bool IsOpen { get; set; }
}
