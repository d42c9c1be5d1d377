using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class GrainStorageTests
{
    private static readonly GrainId Grain = GrainId.Create("limiter", "partner");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("file")]
    [InlineData("redis")]
    public async Task State_is_kept_compared_and_removed(string kind)
    {
        await using var folder = new TestFolder();
        await using var server = kind == "redis" && RedisServer.IsAvailable ? await RedisServer.StartAsync(cancellationToken: Cancellation) : null;
        Assert.SkipWhen(kind == "redis" && server is null, RedisServer.SkipReason);
        var builder = Host.CreateApplicationBuilder();
        if (server is not null)
            builder.Services.AddRedisStorage("silo-0", server.EndPoint, "test");
        else
            builder.Services.AddFileStorage("silo-0", folder.Path);
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>(StorageServiceCollectionExtensions.GrainStorageName);

        var fresh = await ReadAsync(storage);
        Assert.False(fresh.RecordExists);
        fresh.State!.Used = 3;
        await storage.WriteStateAsync("state", Grain, fresh);
        var (one, other) = (await ReadAsync(storage), await ReadAsync(storage));
        Assert.Equal((true, 3), (one.RecordExists, one.State!.Used));
        one.State.Used = 4;
        await storage.WriteStateAsync("state", Grain, one);

        var conflict = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, other));
        Assert.Equal((one.ETag, other.ETag), (conflict.StoredEtag, conflict.CurrentEtag));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", Grain, other));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, new GrainState<Counted>(new())));

        await storage.ClearStateAsync("state", Grain, one);
        Assert.False((await ReadAsync(storage)).RecordExists);
        await storage.WriteStateAsync("state", Grain, one);
        await host.StopAsync(Cancellation);
    }

    private static async Task<GrainState<Counted>> ReadAsync(IGrainStorage storage)
    {
        var state = new GrainState<Counted>();
        await storage.ReadStateAsync("state", Grain, state);
        return state;
    }

    public sealed class Counted
    {
        public int Used { get; set; }
    }
}
