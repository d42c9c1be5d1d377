using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>A silo for measuring: in this process, or in one of its own (<c>silo PORT [redis]</c>).</summary>
internal static class BenchSilo
{
    public static IHost Build(int port, string? redis, string durability)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = redis,
            ["OrleansCache:ClusterId"] = $"bench{port}",
            ["OrleansCache:Silo:Port"] = $"{port}",
            ["OrleansCache:Silo:ClientPort"] = $"{port + 1}",
            ["OrleansCache:Memory:MaxEntries"] = "4000000",
            ["OrleansCache:Memory:MaxBytes"] = $"{16L << 30}",
            [$"OrleansCache:Regions:{Payload.Region}:Coherence"] = durability == "Through" ? "Strict" : "None",
            [$"OrleansCache:Regions:{Payload.Region}:Durability"] = durability,
        });
        builder.AddOrleansCacheSilo();
        return builder.Build();
    }

    /// <summary>Serves until it is told to stop.</summary>
    public static async Task ServeAsync(int port, string? redis, string durability)
    {
        using var host = Build(port, redis, durability);
        await host.StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
    }
}
