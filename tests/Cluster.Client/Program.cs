using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache;
using OrleansCache.Cluster;

// Says "running" once it calls, "told TEXT" for what a call was told that found no silo or was refused, stops at SIGTERM when every call has
// ended, and says "refused N" (calls that went to a silo that does not own the key) and "done N" then.
if (args is ["stampede", .. var stampede])
{
    await Stampede.RunAsync(stampede);
    return;
}

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
if (host.Services.GetService<IKnownView>() is { Number: 0 } view)
    await view.Changed.WaitAsync(TimeSpan.FromSeconds(10), clock);      // what is asked before may go to the wrong silo

long refusals = 0;
using var listener = new MeterListener { InstrumentPublished = static (instrument, self) => { if (instrument.Name == "orleanscache.client.refusals") self.EnableMeasurementEvents(instrument); } };
listener.SetMeasurementEventCallback<long>((_, refused, _, _) => Interlocked.Add(ref refusals, refused));
listener.Start();

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
var cache = host.Services.GetRequiredService<IRawCache>();
var choice = new KeyChoice(options.Keys, options.Zipf);
var said = new ConcurrentDictionary<string, bool>();
using (var history = new HistoryWriter(options.Out, options.Process, clock))
{
    var workers = Enumerable.Range(0, options.Workers).Select(number =>
    {
        var worker = new LoadWorker(cache, history, options, choice, clock, number);
        worker.Unexpected += e =>
        {
            if (said.TryAdd($"{e.GetType()} {e.Message}", true))
                Console.WriteLine($"unexpected {e}");
        };
        worker.Unavailable += e =>
        {
            if (said.TryAdd(e.Message, true))
                Console.WriteLine($"told {e.Message}");
        };
        return Task.Run(() => worker.RunAsync(stop.Token));
    }).ToArray();
    Console.WriteLine("running");
    await Task.WhenAll(workers);
    Console.WriteLine($"refused {Interlocked.Read(ref refusals)}");
    Console.WriteLine($"done {history.Returned}");
}
await host.StopAsync();
