using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache;

/// <summary>A silo in a process of its own, and a client of it in this one.</summary>
internal sealed class SiloProcess(ChildProcess process, IHost client) : IAsyncDisposable
{
    public IOrleansCache Cache => client.Services.GetRequiredService<IOrleansCache>();

    public IGrainFactory Grains => client.Services.GetRequiredService<IGrainFactory>();

    public static async Task<SiloProcess> StartAsync(string? redis, string durability)
    {
        var port = FreePort.Next(2);
        var process = ChildProcess.Start("dotnet", [typeof(SiloProcess).Assembly.Location, "silo", $"{port}", redis ?? "", durability]);
        await process.WaitForLineAsync("ready");

        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:cache"] = $"127.0.0.1:{(EngineHosting.Name == "builtin" ? port : port + 1)}",
            ["OrleansCache:ClusterId"] = $"bench{port}",
        });
        builder.AddOrleansCacheClient("cache");
        var client = builder.Build();
        await client.StartAsync();
        return new(process, client);
    }

    public async ValueTask DisposeAsync()
    {
        await client.StopAsync();
        client.Dispose();
        await process.DisposeAsync();
    }
}
