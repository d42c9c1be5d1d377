using System.Globalization;
using OrleansCache.Samples;

if (!Globalization.IsAvailable)
    return Refused("invariant globalization is on; the answers come from ICU's data: install ICU and set InvariantGlobalization (DOTNET_SYSTEM_GLOBALIZATION_INVARIANT) to false.");

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(PartnerOptions.Usage);
    return 0;
}

if (!PartnerOptions.TryParse(args, out var options, out var error))
    return Refused(error);

CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.GetCultureInfo("en-US");

using var parent = ParentWatch.Of(options.ParentPid, TimeProvider.System);
if (parent is { IsGone: true })
    return Refused($"--parent-pid is {options.ParentPid}, but no such process runs; give the id of a running one or leave the option out.");

await using var app = PartnerApp.Build(options, TimeProvider.System);
try
{
    await app.StartAsync();
}
catch (IOException exception)
{
    return Refused($"--port is {options.Port}, which cannot be had on 127.0.0.1: {exception.Message} Choose another one with --port.");
}

Console.WriteLine($"partner: {app.Urls.Single()}");
parent?.WhenGone(app.Lifetime.StopApplication);
await app.WaitForShutdownAsync();
return 0;

static int Refused(string reason)
{
    Console.Error.WriteLine($"partner: {reason}");
    return 2;
}
