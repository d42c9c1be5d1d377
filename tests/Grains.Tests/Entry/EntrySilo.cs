using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>A whole silo in this process, with a store and an origin in the test's hand.</summary>
internal sealed partial class EntrySilo : IAsyncDisposable
{
    private readonly IHost _host;

    private EntrySilo(IHost host) => _host = host;

    public FakeEntryStore Store { get; } = new();
    public FakeOrigin Origin { get; } = new();
    public EntryMemory Memory => _host.Services.GetRequiredService<EntryMemory>();

    public IEntryGrain Entry(string key) => _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IEntryGrain>(key);

    public static async Task<EntrySilo> StartAsync(bool chaos = false, params (string Path, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var port = FreePort.Next(2);
        builder.Configuration.AddInMemoryCollection([
            new("OrleansCache:ClusterId", $"test{port}"),
            new("OrleansCache:Silo:Port", $"{port}"),
            new("OrleansCache:Silo:ClientPort", $"{port + 1}"),
            .. settings.Select(s => new KeyValuePair<string, string?>($"OrleansCache:{s.Path}", s.Value)),
        ]);
        EntrySilo? silo = null;
        builder.Services.AddSingleton<IEntryStore>(_ => silo!.Store);
        builder.Services.AddSingleton<IOriginCaller>(_ => silo!.Origin);
        builder.AddOrleansCacheSilo();
        if (chaos)
            AddChaos(builder.Services);
        silo = new(builder.Build());
        await silo._host.StartAsync();
        return silo;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    static partial void AddChaos(IServiceCollection services);
}
