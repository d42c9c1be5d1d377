using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache;
using OrleansCache.Cluster;

// Says "running" once it calls, stops at SIGTERM when every call has ended, and says "done N" then.
var options = LoadOptions.Parse(args);
var clock = TimeProvider.System;
var builder = Host.CreateEmptyApplicationBuilder(new());
builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
{
    ["ConnectionStrings:cache"] = options.Cluster,
    ["OrleansCache:Client:CallTimeout"] = TimeSpan.FromMilliseconds(options.DeadlineMs).ToString("c"),
});
builder.AddOrleansCacheClient("cache");
using var host = builder.Build();
await host.StartAsync();

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
var cache = host.Services.GetRequiredService<IRawCache>();
var choice = new KeyChoice(options.Keys, options.Zipf);
var unexpected = new ConcurrentDictionary<string, bool>();
using (var history = new HistoryWriter(options.Out, options.Process, clock))
{
    var workers = Enumerable.Range(0, options.Workers).Select(number =>
    {
        var worker = new LoadWorker(cache, history, options, choice, clock, number);
        worker.Unexpected += e =>
        {
            if (unexpected.TryAdd($"{e.GetType()} {e.Message}", true))
                Console.WriteLine($"unexpected {e}");
        };
        return Task.Run(() => worker.RunAsync(stop.Token));
    }).ToArray();
    Console.WriteLine("running");
    await Task.WhenAll(workers);
    Console.WriteLine($"done {history.Returned}");
}
await host.StopAsync();
