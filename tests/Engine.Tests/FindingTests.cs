using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

/// <summary>A client that asks where the silos are.</summary>
public sealed class FindingTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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
            what: "the new address is found", cancellationToken: Ct);
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
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > before + 1, what: "the client asks again while a silo is not connected", cancellationToken: Ct);
        await Eventually.TrueAsync(async () => { await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2); return second.Silo.ActivationCount == 1; }, what: "the new silo is used", cancellationToken: Ct);
        Assert.Equal(1, first.Silo.ActivationCount);

        await first.StopSiloAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                var seen = Volatile.Read(ref asked);
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Ct);
                return seen == Volatile.Read(ref asked);
            },
            what: "the client is content without it", cancellationToken: Ct);
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
    }

    [Fact]
    public async Task Why_no_silo_was_found_is_told_to_the_caller_and_the_log()
    {
        await using var rig = await Rig.StartAsync();
        var asked = new TaskCompletionSource<IReadOnlyCollection<EndPoint>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var client = await ClientAsync(rig, _ => asked.Task);
        var call = client.GetGrain<IWorkGrain>("a").AddAsync(1, 2);

        asked.SetException(new InvalidOperationException("the register is shut."));

        var refused = await Assert.ThrowsAsync<SiloUnavailableException>(() => call.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
        Assert.Contains("the register is shut.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("the register is shut.", await rig.LineAsync(110), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trouble_with_finding_is_logged_once_and_told_no_more_when_it_is_over()
    {
        await using var rig = await Rig.StartAsync();
        var (asked, isShut) = (0, true);
        var client = await ClientAsync(rig, _ => Volatile.Read(ref isShut) && Interlocked.Increment(ref asked) > 0
            ? throw new InvalidOperationException("the register is shut.") : Task.FromResult<IReadOnlyCollection<EndPoint>>([new IPEndPoint(IPAddress.Loopback, 1)]));
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > 3, cancellationToken: Ct);
        Assert.Single(rig.Log.Lines, static line => line.Id == 110);

        Volatile.Write(ref isShut, false);

        await Eventually.TrueAsync(
            async () =>
            {
                var refused = await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
                return refused.Message.Contains("127.0.0.1:1", StringComparison.Ordinal) && !refused.Message.Contains("the register is shut.", StringComparison.Ordinal);
            },
            what: "callers hear of the silo alone", cancellationToken: Ct);
    }

    [Fact]
    public async Task A_register_without_silos_is_asked_again()
    {
        await using var rig = await Rig.StartAsync();
        var asked = 0;
        var client = await ClientAsync(rig, _ => Task.FromResult<IReadOnlyCollection<EndPoint>>(Interlocked.Increment(ref asked) < 3 ? [] : [rig.Endpoint]));

        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
    }

    [Fact]
    public async Task A_client_that_was_disposed_of_looks_for_silos_no_more_and_says_so_at_once()
    {
        await using var rig = await Rig.StartAsync();
        var looking = CancellationToken.None;
        var client = await ClientAsync(rig, ct =>
        {
            looking = ct;
            return Task.FromResult<IReadOnlyCollection<EndPoint>>([rig.Endpoint]);
        });
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
        var id = ((EngineRuntime)client).Observers.ClientId;

        ((IDisposable)client).Dispose();

        Assert.True(looking.IsCancellationRequested);
        await Eventually.TrueAsync(() => rig.Silo.Listener.ToClient(id) is null, what: "the connection ends", cancellationToken: Ct);
        var refused = await Assert.ThrowsAsync<SiloUnavailableException>(
            () => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
        Assert.Contains("closed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_lost_what_it_had_found_looks_again_soon_however_long_it_had_looked_for_it()
    {
        await using var rig = await Rig.StartAsync();
        var (clock, asked) = (new ManualTimeProvider(), 0);
        var client = await ClientAsync(
            rig, _ => Interlocked.Increment(ref asked) < 15 ? throw new InvalidOperationException("the register is shut.") : Task.FromResult<IReadOnlyCollection<EndPoint>>([rig.Endpoint]), clock);
        var id = ((EngineRuntime)client).Observers.ClientId;
        await PassUntilAsync(clock, TimeSpan.FromHours(1), () => rig.Silo.Listener.ToClient(id) is not null);
        await PassUntilAsync(clock, TimeSpan.FromHours(1), () => clock.ActiveTimers == 1);      // content, it waits for no clock

        var before = Volatile.Read(ref asked);
        await rig.Silo.Listener.ToClient(id)!.CloseAsync("The test.");
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > before, what: "it asks at once", cancellationToken: Ct);
        var began = clock.GetTimestamp();

        await PassUntilAsync(clock, TimeSpan.FromMilliseconds(10), () => Volatile.Read(ref asked) > before + 1 || clock.GetElapsedTime(began) > TimeSpan.FromSeconds(5));
        Assert.InRange(clock.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_silo_that_is_named_again_is_not_tried_before_it_would_have_been()
    {
        const int Attempts = 15;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var rig = await Rig.StartAsync();
        var (clock, asked, silos) = (new ManualTimeProvider(), 0, new TaskCompletionSource<IReadOnlyCollection<EndPoint>>());
        await ClientAsync(
            rig,
            _ =>
            {
                Interlocked.Increment(ref asked);
                return silos.Task;
            },
            clock, (IPEndPoint)listener.LocalEndpoint);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            await PassUntilAsync(clock, TimeSpan.FromHours(1), listener.Pending);
            (await listener.AcceptSocketAsync(Ct)).Dispose();
        }
        await Eventually.TrueAsync(() => rig.Log.Lines.Count(static line => line.Id == 108) == Attempts - 1, cancellationToken: Ct);

        silos.SetResult([listener.LocalEndpoint]);
        await PassUntilAsync(clock, TimeSpan.FromMilliseconds(10), () => Volatile.Read(ref asked) > 3);

        Assert.False(listener.Pending());
    }

    private static Task PassUntilAsync(ManualTimeProvider clock, TimeSpan step, Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            if (condition())
                return true;
            clock.Advance(step);
            return condition();
        },
        cancellationToken: Ct);

    private static Task<IClusterClient> ClientAsync(Rig rig, Func<IReadOnlyCollection<EndPoint>> silos) => ClientAsync(rig, _ => Task.Run(silos));

    private static async Task<IClusterClient> ClientAsync(
        Rig rig, Func<CancellationToken, Task<IReadOnlyCollection<EndPoint>>> silos, ManualTimeProvider? clock = null, params EndPoint[] known)
    {
        var host = await rig.AddAsync(services =>
        {
            services.AddEngineClient(o =>
            {
                foreach (var silo in known)
                    o.Endpoints.Add(silo);
                o.FindEndpoints = silos;
                o.ConnectTimeout = TimeSpan.FromDays(1);
                (o.ReconnectDelay, o.MaxReconnectDelay) = clock is null ? (TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100)) : (TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
            });
            if (clock is not null)
                services.AddSingleton<TimeProvider>(clock);
        });
        return host.Services.GetRequiredService<IClusterClient>();
    }
}
