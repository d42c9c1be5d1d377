using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class RedisOwnershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = LeasedOwnership.DefaultSpan;
    private RedisServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(new() { AppendOnly = true, AppendFsync = "always" }, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task On_a_fresh_server_a_silo_serves_at_once_and_under_a_fence_after_a_lease()
    {
        var began = TimeProvider.System.GetTimestamp();
        var host = await RedisHost.StartAsync(_server);
        var ownership = host.Services.GetRequiredService<IOwnership>();

        Assert.True(ownership.View > 1_700_000_000_000);
        Assert.True(ownership.Owns(1));
        Assert.False(ownership.FenceHolds);
        Assert.False(await ownership.WaitForFenceAsync(TimeSpan.FromMilliseconds(10), Cancellation));

        Assert.True(await ownership.WaitForFenceAsync(TimeSpan.FromSeconds(10), Cancellation));
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= Lease);
        await RedisHost.StopAsync(host);
        Assert.False(ownership.FenceHolds);
    }

    [Fact]
    public async Task After_a_clean_stop_the_next_silo_has_the_fence_at_once_in_a_higher_view()
    {
        var first = await FencedHostAsync();
        var view = Ownership(first).View;
        await RedisHost.StopAsync(first);

        var host = await RedisHost.StartAsync(_server);

        Assert.True(Ownership(host).FenceHolds);
        Assert.True(Ownership(host).View > view);
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task A_silo_joins_after_what_answers_calls_has_started_and_has_left_before_that_stops()
    {
        var host = await RedisHost.StartAsync(_server, first: services => services.AddSingleton<Listening>().AddHostedService(provider => provider.GetRequiredService<Listening>()));
        var listening = host.Services.GetRequiredService<Listening>();
        Assert.True(Ownership(host).IsPlacedHere(1));

        await RedisHost.StopAsync(host);

        Assert.Equal((false, false), (listening.WasInAtStart, listening.WasInAtStop));
    }

    [Fact]
    public async Task A_second_member_gets_its_share_at_once_and_the_first_gets_it_back_when_it_leaves()
    {
        var host = await FencedHostAsync();
        var first = Ownership(host);
        using var other = RedisHost.Build(_server.EndPoint, "second");
        await other.Services.GetRequiredService<IRedisDatabase>().ConnectAsync(Cancellation);
        var second = Ownership(other);
        var began = TimeProvider.System.GetTimestamp();
        await second.StartAsync(Cancellation);

        await Eventually.TrueAsync(() => Serves(second) > 0 && Serves(first) + Serves(second) == 1000, cancellationToken: Cancellation);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, Lease);
        Assert.InRange(Serves(second), 400, 600);
        Assert.True(first.FenceHolds && second.FenceHolds);

        await second.LeaveAsync(Cancellation);
        await Eventually.TrueAsync(() => Serves(first) == 1000, cancellationToken: Cancellation);
        await second.DisposeAsync();
        await other.Services.GetRequiredService<IRedisDatabase>().DisposeAsync();
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task A_silo_of_another_engine_does_not_join()
    {
        var host = await FencedHostAsync();
        var view = Ownership(host).View;
        using var another = RedisHost.Build(_server.EndPoint, "other");
        await another.Services.GetRequiredService<IRedisDatabase>().ConnectAsync(Cancellation);
        await using var other = ActivatorUtilities.CreateInstance<LeasedOwnership>(another.Services, "other", "test", "engine other, formats 1");

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => other.StartAsync(Cancellation));

        Assert.Contains(SharedFormats.Dialect, refused.Message, StringComparison.Ordinal);
        Assert.Contains("engine other, formats 1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(view, Ownership(host).View);
        await another.Services.GetRequiredService<IRedisDatabase>().DisposeAsync();
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task A_silo_whose_connections_have_just_broken_joins_when_it_has_new_ones()
    {
        await using var proxy = TcpProxy.To(_server.Port);
        var log = new ListLogger();
        using var host = RedisHost.Build(proxy.EndPoint, log: log);
        var redis = host.Services.GetRequiredService<IRedisDatabase>();
        await redis.ConnectAsync(Cancellation);
        await using var silo = ActivatorUtilities.CreateInstance<LeasedOwnership>(host.Services, "silo-0", "test", "engine other, formats 1");
        proxy.Cut();
        await Eventually.TrueAsync(() => !redis.IsConnected, cancellationToken: Cancellation);

        var starting = silo.StartAsync(Cancellation);
        await Eventually.TrueAsync(() => starting.IsCompleted || log.Lines.Any(static line => line.StartsWith("Warning 1413 ", StringComparison.Ordinal)), cancellationToken: Cancellation);
        proxy.Heal();

        await starting;
        Assert.True(silo.Owns(1));
        await silo.LeaveAsync(Cancellation);
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task A_flushed_server_gets_a_higher_view_and_no_fence_for_a_lease()
    {
        var host = await FencedHostAsync();
        var ownership = Ownership(host);
        var view = ownership.View;

        await host.Services.GetRequiredService<IRedisDatabase>().ExecuteAsync(["FLUSHALL"], Cancellation);

        await Eventually.TrueAsync(() => ownership.View > view && !ownership.FenceHolds, cancellationToken: Cancellation);
        Assert.True(await ownership.WaitForFenceAsync(TimeSpan.FromSeconds(10), Cancellation));
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task While_the_server_is_away_the_fence_ends_and_after_a_restart_views_begin_anew()
    {
        var host = await FencedHostAsync();
        var ownership = Ownership(host);
        var view = ownership.View;

        await _server.KillAsync();
        await Eventually.TrueAsync(() => !ownership.FenceHolds, cancellationToken: Cancellation);
        Assert.True(ownership.Owns(1));
        await _server.RestartAsync(Cancellation);

        Assert.True(await ownership.WaitForFenceAsync(TimeSpan.FromSeconds(20), Cancellation));
        Assert.True(ownership.View > view);
        Assert.Equal(ownership.Placement.View.Beginning, ownership.EpochOf(1));
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task A_silo_whose_lease_was_outwaited_finds_itself_deposed()
    {
        var log = new ListLogger();
        var host = await FencedHostAsync(log);
        var deposed = host.Services.GetRequiredService<LeasedOwnership>();
        var redis = host.Services.GetRequiredService<IRedisDatabase>();
        var other = new RedisOwnershipStore(redis, new("test"));
        var incarnation = Guid.NewGuid();
        var snapshot = await other.RenewAsync(null, incarnation, 0, Cancellation);

        var view = new ClusterView(deposed.View + 1, [new(incarnation, "other", 1, "elsewhere", Dialect: SharedFormats.Dialect)], deposed.Placement.View.Beginning);
        var published = await other.PublishAsync(new(view, deposed.View, [], view.Number, Begins: false), incarnation, Cancellation);

        Assert.True(published.Applied);
        Assert.Single(snapshot.Leases);
        await Eventually.TrueAsync(() => !deposed.Owns(1) && deposed.View > view.Number, cancellationToken: Cancellation);
        Assert.Contains(log.Lines, line => line.StartsWith("Error 1411", StringComparison.Ordinal));

        // The other one never renews: it is outwaited in turn.
        Assert.True(await deposed.WaitToOwnAsync(KeyOf(deposed), TimeSpan.FromSeconds(20), Cancellation));
        Assert.True(deposed.EpochOf(KeyOf(deposed)) > view.Number);
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task A_view_is_not_published_over_a_lease_that_was_renewed()
    {
        var host = await FencedHostAsync();
        var store = host.Services.GetRequiredService<IOwnershipStore>();
        var view = host.Services.GetRequiredService<IOwnership>().View;
        var (incarnation, lease) = (await store.RenewAsync(null, Guid.NewGuid(), 0, Cancellation)).Leases.Single();

        var taken = await store.PublishAsync(
            new(new(view + 1, []), view, [KeyValuePair.Create(incarnation, lease with { Counter = lease.Counter - 1 })], Sealed: 0, Begins: false),
            Guid.NewGuid(),
            Cancellation);

        Assert.False(taken.Applied);
        Assert.Equal(view, taken.View!.Number);
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task A_lease_is_renewed_and_a_view_published_only_on_the_expected_view()
    {
        var host = await FencedHostAsync();
        var store = host.Services.GetRequiredService<IOwnershipStore>();
        var view = host.Services.GetRequiredService<IOwnership>().View;
        var incarnation = (await store.RenewAsync(null, Guid.NewGuid(), 0, Cancellation)).View!.Members.Single().Incarnation;

        Assert.False((await store.RenewAsync(view + 1, incarnation, view, Cancellation)).Applied);
        Assert.False((await store.PublishAsync(new(new(view + 5, []), view + 1, [], Sealed: 0, Begins: false), Guid.NewGuid(), Cancellation)).Applied);
        Assert.False((await store.PublishAsync(new(new(view + 5, []), null, [], Sealed: 0, Begins: false), Guid.NewGuid(), Cancellation)).Applied);
        Assert.True((await store.RenewAsync(view, incarnation, view, Cancellation)).Applied);
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task Renewals_count_leases_on_and_a_view_keeps_those_of_its_members_alone()
    {
        var host = await RedisHost.StartAsync(_server);
        var store = new RedisOwnershipStore(host.Services.GetRequiredService<IRedisDatabase>(), new("apart"));
        var (one, two) = (new SiloMember(Guid.NewGuid(), "one", 1, "here"), new SiloMember(Guid.NewGuid(), "two", 2, "there"));
        var hints = new System.Collections.Concurrent.ConcurrentQueue<long>();
        var listening = await store.ListenAsync(hints.Enqueue, Cancellation);

        var began = await store.PublishAsync(new(new(5, [one], 5), null, [], Sealed: 3, Begins: true), one.Incarnation, Cancellation);
        Assert.Equal((true, true, new SiloLease(1, 3)), (began.Applied, began.IsSameStore, began.Leases[one.Incarnation]));
        await Eventually.TrueAsync(() => hints.Contains(5), cancellationToken: Cancellation);
        Assert.Equal(new SiloLease(2, 4), (await store.RenewAsync(5, one.Incarnation, 4, Cancellation)).Leases[one.Incarnation]);

        var never = KeyValuePair.Create(two.Incarnation, default(SiloLease));
        var joined = await store.PublishAsync(new(new(6, [one, two], 5), 5, [never], Sealed: 6, Begins: false), two.Incarnation, Cancellation);
        Assert.Equal((new SiloLease(2, 4), new SiloLease(1, 6)), (joined.Leases[one.Incarnation], joined.Leases[two.Incarnation]));
        Assert.Equal(new SiloLease(2, 7), (await store.RenewAsync(6, two.Incarnation, 7, Cancellation)).Leases[two.Incarnation]);

        var alone = await store.PublishAsync(new(new(7, [two], 5), 6, [], Sealed: 7, Begins: false), two.Incarnation, Cancellation);
        Assert.Equal((7, new SiloLease(3, 7)), (alone.View!.Number, Assert.Single(alone.Leases).Value));
        await listening.DisposeAsync();
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task After_a_restart_of_the_server_nothing_is_renewed_or_published_before_views_begin_anew()
    {
        var host = await RedisHost.StartAsync(_server);
        var redis = host.Services.GetRequiredService<IRedisDatabase>();
        var store = new RedisOwnershipStore(redis, new("apart"));
        var member = new SiloMember(Guid.NewGuid(), "one", 1, "here");
        await store.PublishAsync(new(new(5, [member], 5), null, [], Sealed: 5, Begins: true), member.Incarnation, Cancellation);
        await _server.KillAsync();
        await Eventually.TrueAsync(() => !redis.IsConnected, cancellationToken: Cancellation);
        await _server.RestartAsync(Cancellation);
        await Eventually.TrueAsync(() => redis.IsConnected, cancellationToken: Cancellation);

        Assert.True(await store.RenewAsync(5, member.Incarnation, 5, Cancellation) is { Applied: false, IsSameStore: false, View.Number: 5 });
        Assert.True(await store.PublishAsync(new(new(6, [member], 5), 5, [], Sealed: 5, Begins: false), member.Incarnation, Cancellation) is { Applied: false, IsSameStore: false });

        Assert.True(await store.PublishAsync(new(new(7, [member], 7), 5, [], Sealed: 5, Begins: true), member.Incarnation, Cancellation) is { Applied: true, IsSameStore: true });
        Assert.True(await store.RenewAsync(7, member.Incarnation, 7, Cancellation) is { Applied: true, IsSameStore: true });
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task Records_of_a_higher_epoch_than_any_view_raise_the_view_above_them()
    {
        var host = await FencedHostAsync();
        var store = host.Services.GetRequiredService<IEntryStore>();
        var ownership = host.Services.GetRequiredService<IOwnership>();
        var higher = ownership.View + 57_000_000;
        await store.WriteAsync("k", new() { Kind = RecordKind.Value, Epoch = higher, Version = 1 }, Cancellation);

        Assert.Equal(higher, (await store.ReadAsync("k", ownership.View, Cancellation)).RefusedByEpoch);

        await Eventually.TrueAsync(() => ownership.View > higher, cancellationToken: Cancellation);
        Assert.NotNull((await store.ReadAsync("k", ownership.View, Cancellation)).Record);
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task Cluster_time_is_the_servers()
    {
        var host = await RedisHost.StartAsync(_server);
        var clock = host.Services.GetRequiredService<IClusterClock>();
        var answer = await host.Services.GetRequiredService<IRedisDatabase>().ExecuteAsync(["TIME"], Cancellation);
        var shown = (answer[0].AsNumber() * 1_000_000) + answer[1].AsNumber();

        Assert.InRange(clock.Now - shown, 0, 1_000_000);
        var instant = clock.Now;
        await clock.PassedAsync(instant, Cancellation);
        Assert.True(clock.Earliest >= instant);
        await RedisHost.StopAsync(host);
    }

    [Fact]
    public async Task Settings_that_lose_entries_are_named()
    {
        var log = new ListLogger();
        await using var careless = await RedisServer.StartAsync(new() { Arguments = ["--maxmemory-policy", "allkeys-lru"] }, Cancellation);

        await RedisHost.StopAsync(await RedisHost.StartAsync(careless, log: log));

        Assert.Contains(log.Lines, line => line.Contains("maxmemory-policy is 'allkeys-lru'", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("appendonly is 'no'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unreachable_server_refuses_the_start_with_address_and_remedy()
    {
        var endPoint = _server.EndPoint;
        await _server.KillAsync();

        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() => RedisHost.StartAsync(_server));

        Assert.Contains(endPoint, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:redis", refusal.Message, StringComparison.Ordinal);
    }

    private static LeasedOwnership Ownership(IHost host) => host.Services.GetRequiredService<LeasedOwnership>();

    private static int Serves(LeasedOwnership silo) => Enumerable.Range(1, 1000).Count(key => silo.Owns(RoutingHash.Mix((ulong)key)));

    private static ulong KeyOf(IOwnership ownership) => Enumerable.Range(1, 1000).Select(key => RoutingHash.Mix((ulong)key)).First(ownership.IsPlacedHere);

    private async Task<IHost> FencedHostAsync(ListLogger? log = null)
    {
        var host = await RedisHost.StartAsync(_server, log: log);
        var view = Ownership(host).Placement.View;
        var waitedOut = view with { Number = view.Number + 1, WaitsOut = false };
        await host.Services.GetRequiredService<IOwnershipStore>().PublishAsync(new(waitedOut, view.Number, [], Sealed: 0, Begins: false), Guid.NewGuid(), Cancellation);
        await Eventually.TrueAsync(() => Ownership(host) is { FenceHolds: true, Placement.View.WaitsOut: false }, cancellationToken: Cancellation);
        return host;
    }

    private sealed class Listening(IOwnership ownership) : IHostedService
    {
        public bool WasInAtStart { get; private set; }

        public bool WasInAtStop { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            WasInAtStart = ownership.IsPlacedHere(1);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            WasInAtStop = ownership.IsPlacedHere(1);
            return Task.CompletedTask;
        }
    }
}
