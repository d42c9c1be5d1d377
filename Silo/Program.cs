using OrleansCache;

const int Stopped = 0, Faulted = 1, Refused = 2;
const int SampleOriginPort = 8899;

if (!Icu.IsThere())
{
    Icu.SayMissing();
    return Refused;
}

if (!CommandLine.TryParse(args, out var line, out var error))
    return Refuse([error]);
if (line.Help)
{
    Console.WriteLine(CommandLine.Usage);
    return Stopped;
}

var clock = TimeProvider.System;
var gate = new StartGate();
SampleOrigin? origin = null;
try
{
    Preflight.RequireIcu();
    var builder = SiloApp.CreateBuilder(line);
    var settings = SiloSettings.Read(builder.Configuration);
    settings.Check();
    origin = StartOrigin(builder.Environment);
    await using var app = SiloApp.Build(builder, settings, gate);
    await app.StartAsync();
    if (origin is not null)
        await origin.ListeningAsync(clock, app.Lifetime.ApplicationStopping);
    gate.IsOpen = true;
    origin?.Watch(app.Logger);

    using var pid = new PidFile(settings.Data, settings.Silo.Silo.Index);
    var state = app.Services.GetRequiredService<Readiness>().Describe();
    var (banner, hints) = line.NoBanner ? ([], []) : (Banner.Of(settings, state, origin, Environment.GetEnvironmentVariable("ORLEANSCACHE_ENGINE_WHY")), Banner.Hints(settings, origin is not null));
    foreach (var text in (IEnumerable<string>)[.. banner, $"ready: {settings.Url}", .. hints])
        Console.WriteLine(text);
    await app.WaitForShutdownAsync();
    return Environment.ExitCode;        // 0, unless the right to serve was refused after the start
}
catch (OperationCanceledException) when (!gate.IsOpen)
{
    return Stopped;         // told to stop before it had started
}
catch (Exception e) when (!gate.IsOpen && StartRefusal.Of(e) is { } reasons)
{
    return Refuse(reasons);
}
catch (Exception e)
{
    Console.Error.WriteLine(e);
    return Faulted;
}
finally
{
    origin?.Dispose();
}

SampleOrigin? StartOrigin(IHostEnvironment environment)
{
    if (line.NoOrigin || !environment.IsDevelopment() || SampleOrigin.Find() is not { } program)
        return null;
    var port = line.OriginPort ?? SampleOriginPort;
    if (!Preflight.IsFree(System.Net.IPAddress.Loopback, port))
        throw new StartRefusedException($"The sample origin's port {port} is in use; choose another with --origin-port, or use --no-origin if the origin already runs there.");
    return SampleOrigin.Start(program, port);
}

static int Refuse(IEnumerable<string> reasons)
{
    foreach (var reason in reasons)
        Console.Error.WriteLine($"silo: {reason}");
    return Refused;
}
