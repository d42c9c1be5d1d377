using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime.GrainDirectory;

namespace OrleansCache.Silo.Tests;

/// <summary>A silo without others: where Orleans finds its grains, and what they are taken to need.</summary>
public sealed class LoneSiloTests : IDisposable
{
    private readonly IHost _silo = Build();

    [Fact]
    public void Each_grain_is_here_and_none_is_remembered()
    {
        var directory = _silo.Services.GetRequiredService<IGrainDirectoryCache>();
        var (grain, here) = (GrainId.Create(OwnedGrains.Entry, "r/key"), _silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);

        directory.AddOrUpdate(new() { GrainId = grain, SiloAddress = SiloAddress.New(here.Endpoint, here.Generation + 1) }, 1);

        Assert.True(directory.LookUp(grain, out var found, out _));
        Assert.Equal(here, found.SiloAddress);
        Assert.Empty(directory.KeyValues);
        Assert.Same(directory, _silo.Services.GetRequiredService<IGrainDirectoryResolver>());
    }

    [Fact]
    public void An_active_entry_is_counted_with_what_Orleans_adds_to_it() =>
        Assert.Equal(2_500 + 2 + 100, _silo.Services.GetRequiredService<EntryMemory>().BytesOf("k", valueBytes: 100));

    [Fact]
    public void Its_dashboard_reads_the_meters_as_seldom_as_the_rest()
    {
        var host = _silo.Services.GetServices<IHostedService>().Single(static service => service.GetType().FullName == "Orleans.Dashboard.DashboardHost");

        Assert.Equal(5_000, host.GetType().GetProperty("ExportIntervalMilliseconds", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.GetValue(host));
    }

    public void Dispose() => _silo.Dispose();

    private static IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddOrleansCacheSilo();
        return builder.Build();
    }
}
