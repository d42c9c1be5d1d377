using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

/// <summary>Calls go where the router says.</summary>
public sealed class RoutingTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_calls_the_silo_that_the_router_names_though_it_was_not_told_of_it()
    {
        await using var first = await Rig.StartAsync();
        await using var second = await Rig.StartAsync();
        var router = new TestRouter();
        var client = await ClientAsync(first, router);

        router.Silo = second.Endpoint;
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        Assert.Equal((0, 1), (first.Silo.ActivationCount, second.Silo.ActivationCount));
    }

    [Fact]
    public async Task A_silos_own_calls_go_to_the_silo_that_the_router_names_and_the_first_waits_for_the_connection()
    {
        var router = new TestRouter();
        await using var first = await Rig.StartAsync(services: services => services.AddSingleton<IGrainRouter>(router));
        await using var second = await Rig.StartAsync();
        var own = first.Silo;

        router.Silo = second.Endpoint;
        Assert.Equal(3, await own.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
        Assert.Equal((0, 1), (first.Silo.ActivationCount, second.Silo.ActivationCount));

        router.Silo = null;
        Assert.Equal(3, await own.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
        Assert.Equal((1, 1), (first.Silo.ActivationCount, second.Silo.ActivationCount));
    }

    [Fact]
    public async Task A_silo_that_has_ended_connects_to_no_other()
    {
        var router = new TestRouter();
        await using var first = await Rig.StartAsync(services: services => services.AddSingleton<IGrainRouter>(router));
        await using var second = await Rig.StartAsync();
        var ended = first.Silo;
        router.Silo = second.Endpoint;

        ended.Dispose();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => ended.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
        Assert.Equal(0, second.Silo.ActivationCount);
    }

    [Fact]
    public async Task A_call_to_a_silo_that_is_not_there_fails_at_once_and_others_go_on()
    {
        await using var rig = await Rig.StartAsync();
        var router = new TestRouter();
        var client = await ClientAsync(rig, router, o => o.ConnectTimeout = TimeSpan.FromMinutes(5));

        router.Silo = new(IPAddress.Loopback, FreePort.Next());
        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Soon, Ct));
        router.Silo = null;

        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
    }

    [Fact]
    public async Task A_call_under_way_with_a_silo_that_is_gone_fails_when_the_router_says_so()
    {
        await using var first = await Rig.StartAsync();
        await using var second = await Rig.StartAsync();
        var router = new TestRouter();
        var client = await ClientAsync(first, router);
        router.Silo = second.Endpoint;
        var waiting = client.GetGrain<IWorkGrain>("a").WaitAsync("never opened");
        await Eventually.TrueAsync(async () => (await client.GetGrain<IWorkGrain>("a").BegunAsync()).Count == 1, cancellationToken: Ct);

        router.Change(gone: second.Endpoint);

        await Assert.ThrowsAsync<SiloUnavailableException>(() => waiting.WaitAsync(Soon, Ct));
        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
        Assert.Equal(1, first.Silo.ActivationCount);
    }

    [Fact]
    public async Task A_silo_that_could_not_be_reached_is_tried_anew_when_the_router_changes()
    {
        await using var first = await Rig.StartAsync();
        var router = new TestRouter();
        var client = await ClientAsync(first, router, o => o.ReconnectDelay = o.MaxReconnectDelay = TimeSpan.FromHours(1));
        var later = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        router.Silo = later;
        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Soon, Ct));
        await using var second = await Rig.StartAsync(o => o.Endpoint = later);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Soon, Ct));

        router.Change(later);

        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2).WaitAsync(Soon, Ct));
    }

    [Fact]
    public async Task A_client_that_is_connected_to_all_it_knew_looks_for_silos_again_when_the_router_changes()
    {
        await using var first = await Rig.StartAsync();
        await using var second = await Rig.StartAsync();
        var router = new TestRouter();
        EndPoint[] silos = [first.Endpoint];
        var client = await ClientAsync(first, router, o => o.FindEndpoints = _ => Task.FromResult<IReadOnlyCollection<EndPoint>>(Volatile.Read(ref silos)));

        Volatile.Write(ref silos, [first.Endpoint, second.Endpoint]);
        router.Change();

        await Eventually.TrueAsync(
            () => first.Log.Lines.Any(line => line.Id == 107 && line.Text.Contains($":{second.Endpoint.Port}.", StringComparison.Ordinal)), what: "it is connected, without a call", cancellationToken: Ct);
    }

    [Fact]
    public async Task Calls_to_one_silo_take_turns_over_its_connections()
    {
        await using var first = await Rig.StartAsync();
        await using var second = await Rig.StartAsync();
        var router = new TestRouter();
        var client = await ClientAsync(first, router, o => o.ConnectionsPerEndpoint = 2);
        router.Silo = second.Endpoint;

        await Eventually.TrueAsync(
            async () =>
            {
                await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2);
                return first.Log.Lines.Count(line => line.Id == 107 && line.Text.Contains($":{second.Endpoint.Port}.", StringComparison.Ordinal)) == 2;
            },
            what: "both connections are made", cancellationToken: Ct);
    }

    [Fact]
    public async Task A_silo_that_the_router_names_is_not_given_up_while_it_is_being_connected_to()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var rig = await Rig.StartAsync();
        var (router, asked) = (new TestRouter(), 0);
        var client = await ClientAsync(rig, router, o =>
        {
            (o.ReconnectDelay, o.MaxReconnectDelay) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5));
            o.FindEndpoints = _ =>
            {
                Interlocked.Increment(ref asked);
                return Task.FromResult<IReadOnlyCollection<EndPoint>>([rig.Endpoint, new IPEndPoint(IPAddress.Loopback, 1)]);
            };
        });

        router.Silo = (IPEndPoint)listener.LocalEndpoint;
        _ = client.GetGrain<IWorkGrain>("a").AddAsync(1, 2);
        using var silo = await listener.AcceptTcpClientAsync(Ct);
        var before = Volatile.Read(ref asked);
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > before + 3, what: "the client looks for its own silos meanwhile", cancellationToken: Ct);
        await Handshake.ReceiveAsync(new FrameReader(silo.GetStream()), Ct);
        await new Handshake(Handshake.CurrentVersion, Handshake.EngineName, "default", null, null, null).SendAsync(silo.GetStream(), Ct);

        Assert.NotEqual(0, await silo.GetStream().ReadAsync(new byte[1], Ct));
    }

    [Fact]
    public async Task An_observer_is_called_in_the_process_it_is_in_whatever_the_router_says_of_grains()
    {
        await using var rig = await Rig.StartAsync();
        var router = new TestRouter();
        var client = await ClientAsync(rig, router);
        var (mine, silos) = (new ReadyGrain(), new ReadyGrain());
        var reference = ((EngineRuntime)client).Reference(InterfaceInfo.Of(typeof(IClockObserver)), rig.Silo.Observers.Add(silos));

        router.Silo = new(IPAddress.Loopback, FreePort.Next());
        await client.CreateObjectReference<IClockObserver>(mine).TickAsync(1).WaitAsync(Soon, Ct);
        await ((IClockObserver)(object)reference).TickAsync(2).WaitAsync(Soon, Ct);

        Assert.Equal((1, 2), (mine.Heard, silos.Heard));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_observer_learns_that_its_caller_waits_no_more(bool isHere)
    {
        await using var rig = await Rig.StartAsync();
        var observer = new ReadyGrain();
        var reference = (IClockObserver)(object)(isHere ? rig.Silo : (EngineRuntime)await ClientAsync(rig, new TestRouter()))
            .Reference(InterfaceInfo.Of(typeof(IClockObserver)), rig.Silo.Observers.Add(observer));
        using var giveUp = new CancellationTokenSource();
        var call = reference.WaitAsync(giveUp.Token);
        await Eventually.TrueAsync(() => observer.Heard == 1, cancellationToken: Ct);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await observer.Cancelled.Task.WaitAsync(Soon, Ct);
    }

    [Fact]
    public async Task Of_an_observer_that_is_gone_nothing_stays_once_it_was_called()
    {
        await using var rig = await Rig.StartAsync();
        var (observer, key, name) = Added();
        await GoneAsync(observer);

        var reference = (IClockObserver)(object)rig.Silo.Reference(InterfaceInfo.Of(typeof(IClockObserver)), name);
        await Assert.ThrowsAsync<ClientNotAvailableException>(() => reference.TickAsync(1));

        await GoneAsync(key);

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference Observer, WeakReference Key, string Name) Added()
        {
            var observer = new ReadyGrain();
            var key = rig.Silo.Observers.Add(observer);
            return (new(observer), new(key), new string(key.AsSpan()));
        }

        static Task GoneAsync(WeakReference what) => Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !what.IsAlive;
            },
            cancellationToken: Ct);
    }

    [Fact]
    public async Task Only_an_object_of_this_process_is_made_an_observer()
    {
        await using var rig = await Rig.StartAsync();
        var observer = new ReadyGrain();
        var reference = rig.Silo.CreateObjectReference<IClockObserver>(observer);

        Assert.Throws<ArgumentNullException>(() => rig.Silo.CreateObjectReference<IClockObserver>(null!));
        Assert.Throws<ArgumentException>(() => rig.Silo.CreateObjectReference<IClockObserver>(reference));
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task A_grain_whose_key_is_like_an_observers_is_a_grain()
    {
        await using var rig = await Rig.StartAsync();
        var client = await ClientAsync(rig, new());

        Assert.Equal(3, await client.GetGrain<IWorkGrain>($"{((EngineRuntime)client).Observers.ClientId}/1").AddAsync(1, 2).WaitAsync(Soon, Ct));
    }

    private static async Task<IClusterClient> ClientAsync(Rig rig, TestRouter router, Action<EngineClientOptions>? options = null)
    {
        var client = await rig.ClientAsync(
            o =>
            {
                o.ConnectTimeout = TimeSpan.FromMinutes(5);
                options?.Invoke(o);
            },
            services => services.AddSingleton<IGrainRouter>(router));
        await Eventually.TrueAsync(async () => await client.GetGrain<IReadyGrain>("ready").ReadyAsync(), cancellationToken: Ct);      // it knows the grain types
        await Eventually.TrueAsync(() => rig.Silo.ActivationCount == 0, cancellationToken: Ct);
        return client;
    }

    private sealed class TestRouter : IGrainRouter
    {
        private EndPoint? _gone;

        public event Action? Changed;

        public IPEndPoint? Silo { get; set; }

        public void Change(IPEndPoint? to = null, EndPoint? gone = null)
        {
            (Silo, _gone) = (to, gone);
            Changed?.Invoke();
        }

        public EndPoint? Locate(GrainId grain) => Silo;

        public bool IsGone(EndPoint silo) => silo.Equals(_gone);
    }
}

[Alias("tests.ready")]
internal interface IReadyGrain : IGrainWithStringKey
{
    Task<bool> ReadyAsync();
}

/// <summary>A grain class that is an observer too.</summary>
internal sealed class ReadyGrain : Grain, IReadyGrain, IClockObserver
{
    public int Heard { get; private set; }

    public Task TickAsync(int n)
    {
        Heard = n;
        return Task.CompletedTask;
    }

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        Heard++;
        cancellationToken.Register(Cancelled.SetResult);
        return Cancelled.Task;
    }

    public Task<bool> ReadyAsync()
    {
        DeactivateOnIdle();
        return Task.FromResult(true);
    }
}
