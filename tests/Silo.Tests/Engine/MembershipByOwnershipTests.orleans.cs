using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

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
}
