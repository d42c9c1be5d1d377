using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCache.Storage.Tests;

public class MemoryStorageTests
{
    [Fact]
    public async Task The_front_door_gives_a_store_a_tag_log_and_the_right_to_serve()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddMemoryStorage("silo-0");
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        var ownership = host.Services.GetRequiredService<IOwnership>();
        var tags = host.Services.GetRequiredService<ITagLog>();
        var store = host.Services.GetRequiredService<IEntryStore>();

        Assert.True(ownership.FenceHolds);
        Assert.Equal("memory", store.Kind);
        var born = tags.Head;
        Assert.True(tags.IsGood(TagHash.Of(["a"]), born, tags.Generation));
        await tags.RaiseAsync(["a"], TestContext.Current.CancellationToken);
        Assert.False(tags.IsGood(TagHash.Of(["a"]), born, tags.Generation));
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(ownership.FenceHolds);
    }
}
