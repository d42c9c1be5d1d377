using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansCache.Silo.Tests;

/// <summary>Whom Orleans is told to give up: it ends that process, if there is one.</summary>
public sealed class MembershipByOwnershipTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_that_is_paused_is_still_there()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();      // and nobody accepts

        Assert.True(await MembershipByOwnership.ListensAsync(listener.LocalEndPoint!, TimeProvider.System, Ct));
    }

    [Fact]
    public async Task One_that_ended_is_not()
    {
        var free = new IPEndPoint(IPAddress.Loopback, FreePort.Next());

        Assert.False(await MembershipByOwnership.ListensAsync(free, TimeProvider.System, Ct));
    }

    [Fact]
    public async Task Nobody_is_taken_for_gone_by_a_silo_that_stops()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();

        Assert.True(await MembershipByOwnership.ListensAsync(new IPEndPoint(IPAddress.Loopback, FreePort.Next()), TimeProvider.System, stopping.Token));
    }

    [Fact]
    public async Task One_that_the_view_has_no_more_is_given_up_as_soon_as_the_view_changes()
    {
        var (time, store) = (new ManualTimeProvider(), new Views());
        var coarse = new FollowingClock(time);
        await using var ownership = new LeasedOwnership(
            $"127.0.0.1:{FreePort.Next()}", "test", "x", store, new(time), coarse, time, NullLogger<LeasedOwnership>.Instance);
        await ownership.StartAsync(Ct);
        await PassUntilAsync(() => ownership.FenceHolds && !store.View!.WaitsOut);
        var (here, gone) = (store.View!.Members[0], new SiloMember(Guid.NewGuid(), $"127.0.0.1:{FreePort.Next()}", 1, "host", Dialect: "x"));
        var known = new KnownSilos(KnownSilos.AddressOf(here)).Add(here).Add(gone);
        using var watch = new MembershipByOwnership(ownership, known, time, NullLogger<MembershipByOwnership>.Instance);
        await ChangeAsync(store.View with { Number = store.View.Number + 1, Members = [here, gone] });
        var looks = known.Looks;
        await watch.StartAsync(Ct);
        await Eventually.TrueAsync(() => known.Looks > looks, cancellationToken: Ct);

        await ChangeAsync(store.View with { Number = store.View.Number + 1, Members = [here] });
        var changed = time.GetTimestamp();
        await Eventually.TrueAsync(
            () =>
            {
                if (time.GetElapsedTime(changed) < TimeSpan.FromSeconds(0.9))
                    time.Advance(TimeSpan.FromMilliseconds(2));
                return known.GivenUp.Contains(KnownSilos.AddressOf(gone));
            },
            cancellationToken: Ct);

        async Task ChangeAsync(ClusterView view)
        {
            store.View = view;
            ownership.Hint(view.Number);
            await Eventually.TrueAsync(() => ownership.View == view.Number, cancellationToken: Ct);
        }

        Task PassUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(50));
                return condition();
            },
            cancellationToken: Ct);
    }

    [Fact]
    public void The_name_tells_which_start_of_a_silo_it_is()
    {
        var incarnation = Guid.NewGuid();
        var address = SiloAddress.New(IPEndPoint.Parse("10.0.0.1:11111"), 1);
        var member = new ClusterMember(address, SiloStatus.Active, MembershipByOwnership.NameOf("10.0.0.1:11111", incarnation));
        var other = new ClusterMember(SiloAddress.New(address.Endpoint, 2), SiloStatus.Active, "a silo of somebody else");

        var named = MembershipByOwnership.Named(new(new[] { member, other }.ToDictionary(static silo => silo.SiloAddress).ToImmutableDictionary(), new(1)));

        Assert.Equal([incarnation], named.Keys);
        Assert.Same(member, named[incarnation]);
    }

    private sealed class FollowingClock(TimeProvider time) : CoarseClock
    {
        public override long Milliseconds => time.GetTimestamp() / TimeSpan.TicksPerMillisecond;
    }

    /// <summary>A store of one silo, whose view the test changes too.</summary>
    private sealed class Views : IOwnershipStore
    {
        public ClusterView? View { get; set; }

        public ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken) =>
            new(new OwnershipSnapshot(View, new Dictionary<Guid, SiloLease>(), 0, View is not null, true));

        public ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken)
        {
            View = change.Next;
            return RenewAsync(change.Next.Number, incarnation, change.Sealed, cancellationToken);
        }

        public ValueTask<IAsyncDisposable> ListenAsync(Action<long> hint, CancellationToken cancellationToken) => new(new MemoryStream());
    }
}
