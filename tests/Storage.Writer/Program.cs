using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache;

// Usage: FOLDER WRITERS KEYS [SEED]. Each acknowledged change becomes a line: ack KEY VERSION value|removed
var (folder, writers, keys) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
var builder = Host.CreateApplicationBuilder(args[4..]);
builder.Services.AddFileStorage("writer", folder);
using var host = builder.Build();
try
{
    await host.StartAsync();
}
catch (StartRefusedException refused)
{
    Console.WriteLine($"refused {refused.Message}");
    return 2;
}
var store = host.Services.GetRequiredService<IEntryStore>();
var clock = host.Services.GetRequiredService<IClusterClock>();
var epoch = host.Services.GetRequiredService<IOwnership>().View;
Console.WriteLine($"ready {epoch}");

await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
{
    var random = new Random(int.Parse(args[3], CultureInfo.InvariantCulture) + writer);
    while (true)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"key-{writer}-{random.Next(keys)}");
        var removed = random.Next(4) == 0;
        var record = new EntryRecord
        {
            Kind = removed ? RecordKind.Removed : RecordKind.Value,
            Epoch = epoch,
            OperationId = Guid.NewGuid(),
            Version = clock.Now,
            Bytes = removed ? [] : new byte[random.Next(2000)],
            ExpiresAt = removed ? clock.Now + 3_600_000_000 : long.MaxValue,
        };
        try
        {
            var result = await store.WriteAsync(key, record, default);
            if (result.Written)
                Console.WriteLine($"ack {key} {record.Version} {(removed ? "removed" : "value")}");
        }
        catch (StoreUnavailableException unavailable)
        {
            Console.WriteLine($"unavailable {unavailable.MaybeApplied} {unavailable.Message}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
})));
return 0;
