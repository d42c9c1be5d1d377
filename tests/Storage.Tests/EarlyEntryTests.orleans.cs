using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class EarlyEntryTests : IAsyncLifetime
{
    private RedisServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(cancellationToken: Cancellation);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_cannot_look_at_once_looks_again_and_joins_early_only_where_nobody_lives(bool somebodyLives)
    {
        var other = somebodyLives ? await RedisHost.StartAsync(_server!, "silo-a") : null;
        using var host = RedisHost.Build(_server!.EndPoint, "silo-b");
        var redis = host.Services.GetRequiredService<IRedisDatabase>();
        await redis.ConnectAsync(Cancellation);
        var ownership = host.Services.GetRequiredService<LeasedOwnership>();
        var store = new AwayAtFirst(host.Services.GetRequiredService<IOwnershipStore>());
        using var early = new EarlyEntry(ownership, store, TimeProvider.System);

        await early.StartAsync(Cancellation);
        await early.ExecuteTask!.WaitAsync(Eventually.Deadline, TimeProvider.System, Cancellation);

        Assert.Equal(!somebodyLives, ownership.Placement.View.Members.Any(static member => member.Name == "silo-b"));
        await ownership.DisposeAsync();
        await redis.DisposeAsync();
        if (other is not null)
            await RedisHost.StopAsync(other);
    }

    private sealed class AwayAtFirst(IOwnershipStore store) : IOwnershipStore
    {
        private int _refusals = 3;

        public ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken) =>
            _refusals-- > 0 ? throw new StoreUnavailableException("It is away.", maybeApplied: false) : store.RenewAsync(expectedView, incarnation, sealedView, cancellationToken);

        public ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken) => store.PublishAsync(change, incarnation, cancellationToken);

        public ValueTask<IAsyncDisposable> ListenAsync(Action<long> hint, CancellationToken cancellationToken) => store.ListenAsync(hint, cancellationToken);
    }
}
