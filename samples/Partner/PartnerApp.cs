using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OrleansCache.Samples;

/// <summary>The sample origin as a web application, for its own process and for tests.</summary>
public static class PartnerApp
{
    /// <summary>Builds the origin; it listens on 127.0.0.1 once started.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="time">Drives the delay, the limit and the log.</param>
    public static WebApplication Build(PartnerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = 32 * 1024;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);        // a start that fails is told once, by Program
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();

        var clock = new OriginClock(time);
        var door = new FrontDoor(clock, new OriginLimit(options.Limit, TimeSpan.FromMilliseconds(options.WindowMs)));

        var app = builder.Build();
        var calls = new SlowCalls(door, clock, TimeSpan.FromMilliseconds(options.DelayMs), app.Lifetime.ApplicationStopping);
        app.UseStatusCodePages();
        app.Use(calls.InvokeAsync);
        app.UseRouting();
        app.MapControl(door);
        app.MapContent(clock);
        return app;
    }
}
