using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

/// <summary>A client that asks where the silos are.</summary>
public sealed class FindingTests
{
    [Fact]
    public async Task A_silo_that_came_back_at_another_address_is_found()
    {
        await using var first = await Rig.StartAsync();
        await using var second = await Rig.StartAsync();
        IReadOnlyCollection<EndPoint> silos = [first.Endpoint];
        var client = await ClientAsync(first, () => silos);
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        await first.StopSiloAsync();
        silos = [second.Endpoint];
        await first.LineAsync(109);     // until the client knows, a call would be lost on the way

        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2) == 3;
                }
                catch (SiloUnavailableException)
                {
                    return false;
                }
            },
            what: "the new address is found", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, second.Silo.ActivationCount);
    }

    [Fact]
    public async Task What_is_not_named_any_more_is_left_alone_once_it_is_gone_and_used_until_then()
    {
        await using var first = await Rig.StartAsync();
        await using var second = await Rig.StartAsync();
        IReadOnlyCollection<EndPoint> silos = [first.Endpoint, new IPEndPoint(IPAddress.Loopback, 1)];
        var asked = 0;
        var client = await ClientAsync(first, () => { asked++; return silos; });
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        silos = [second.Endpoint];
        var before = Volatile.Read(ref asked);
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > before + 1, what: "the client asks again while a silo is not connected", cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => { await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2); return second.Silo.ActivationCount == 1; }, what: "the new silo is used", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, first.Silo.ActivationCount);

        await first.StopSiloAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                var seen = Volatile.Read(ref asked);
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, TestContext.Current.CancellationToken);
                return seen == Volatile.Read(ref asked);
            },
            what: "the client is content without it", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
    }

    [Fact]
    public async Task Why_no_silo_was_found_is_told_to_the_caller_and_the_log()
    {
        await using var rig = await Rig.StartAsync();
        var client = await ClientAsync(rig, () => throw new InvalidOperationException("the register is shut."), TimeSpan.FromMilliseconds(300));

        var refused = await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        Assert.Contains("the register is shut.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("the register is shut.", await rig.LineAsync(110), StringComparison.Ordinal);
    }

    private static async Task<IClusterClient> ClientAsync(Rig rig, Func<IReadOnlyCollection<EndPoint>> silos, TimeSpan? patience = null)
    {
        var host = await rig.AddAsync(services => services.AddEngineClient(o =>
        {
            o.FindEndpoints = _ => Task.Run(silos);
            o.ConnectTimeout = patience ?? o.ConnectTimeout;
            (o.ReconnectDelay, o.MaxReconnectDelay) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100));
        }));
        return host.Services.GetRequiredService<IClusterClient>();
    }
}
