using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCache.Cluster;

/// <summary>One of several processes whose callers ask for the same cold keys at the same instants of the machine's monotonic clock.</summary>
internal static class Stampede
{
    private static readonly TimeProvider Clock = TimeProvider.System;
    private static readonly TimeSpan OriginDelay = TimeSpan.FromMilliseconds(50);

    /// <param name="args">Connection string; <c>call</c> (an integration's method) or <c>create</c> (a factory of 50 ms); callers; a folder where a
    /// file named as the key gets the instant of its round; the keys, one a round.</param>
    /// <remarks>Says "connected", and after each round "round KEY: LAST CALLS" with the instant at which its last caller had the value and how
    /// often its factory ran.</remarks>
    public static async Task RunAsync(string[] args)
    {
        var (connection, what, callers, gates, keys) = (args[0], args[1], int.Parse(args[2], CultureInfo.InvariantCulture), args[3], args[4..]);
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:cache", connection)]);
        builder.AddOrleansCacheClient("cache");
        using var host = builder.Build();
        await host.StartAsync();
        var cache = host.Services.GetRequiredService<IOrleansCache>();
        if (host.Services.GetService<IKnownView>() is { Number: 0 } view)
            await view.Changed.WaitAsync(TimeSpan.FromSeconds(10), Clock);
        Console.WriteLine("connected");
        foreach (var key in keys)
        {
            var gate = Path.Combine(gates, key);
            while (!File.Exists(gate))
                await Task.Delay(TimeSpan.FromMilliseconds(10), Clock);
            var at = long.Parse(await File.ReadAllTextAsync(gate), CultureInfo.InvariantCulture);
            await UntilAsync(at);
            var made = 0;
            await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run<CacheResult<byte[]>>(() => what == "call" ? CallAsync(cache, key) : CreateAsync(cache, key, () => Interlocked.Increment(ref made)))));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {key}: {Clock.GetTimestamp()} {made}"));
        }
        await host.StopAsync();
    }

    private static Task<CacheResult<byte[]>> CallAsync(IOrleansCache cache, string key) =>
        cache.CallAsync<byte[]>("origin", "item", new Dictionary<string, string?> { ["id"] = key }).AsTask();

    private static Task<CacheResult<byte[]>> CreateAsync(IOrleansCache cache, string key, Action making) => cache.GetOrCreateAsync<byte[]>(CacheKey.Of("made", key), async cancellationToken =>
    {
        making();
        await UntilAsync(Clock.GetTimestamp() + (long)(OriginDelay.TotalSeconds * Clock.TimestampFrequency), cancellationToken);
        return [1];
    }).AsTask();

    /// <summary>Never earlier: a delay alone may end some milliseconds before its time.</summary>
    private static async Task UntilAsync(long instant, CancellationToken cancellationToken = default)
    {
        while (Clock.GetElapsedTime(Clock.GetTimestamp(), instant) is { Ticks: > 0 } left)
            await Task.Delay(left, Clock, cancellationToken);
    }
}
