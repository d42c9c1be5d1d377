using OrleansCache;

// dotnet run -c Release --project tests/Benchmarks [-- local | memory | client | write | stampede | cluster | all]
if (args is ["silo", var port, .. var rest])
{
    await BenchSilo.ServeAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), rest.ElementAtOrDefault(0) is { Length: > 0 } redis ? redis : null, rest.ElementAtOrDefault(1) ?? "None");
    return 0;
}

if (args is ["callers", var silo, var gate, .. var keys])
{
    await Stampede.CallAsync(silo, gate, keys);
    return 0;
}

var chosen = args.FirstOrDefault() ?? "all";
Console.WriteLine($"engine {EngineHosting.Name}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}");
foreach (var (name, run) in new (string, Func<Task>)[]
{
    ("local", LocalCalls.RunAsync),
    ("client", ClientReads.RunAsync),
    ("write", DurableWrites.RunAsync),
    ("memory", MillionEntries.RunAsync),
    ("stampede", Stampede.RunAsync),
    ("cluster", ClusterStampede.RunAsync),
})
{
    if (chosen == "all" || chosen == name)
        await run();
}

return 0;
