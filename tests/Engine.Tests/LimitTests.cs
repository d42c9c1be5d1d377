using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

public sealed class LimitTests
{
    [Fact]
    public async Task A_call_without_an_answer_ends_at_the_response_timeout_and_not_before()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(clock));
        var call = rig.Silo.GetGrain<IWorkGrain>("a").WaitAsync("x");

        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(call.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task A_call_that_waited_past_its_deadline_is_not_begun()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(clock));
        var client = await rig.ClientAsync();
        var grain = client.GetGrain<IWorkGrain>("a");
        var first = grain.WaitAsync("first");
        await Eventually.TrueAsync(async () => (await grain.BegunAsync()).Count == 1, what: "the first call runs", cancellationToken: TestContext.Current.CancellationToken);
        var late = grain.WaitAsync("late");
        await grain.BegunAsync();

        clock.Advance(TimeSpan.FromSeconds(31));
        await grain.OpenAsync();
        await first;

        await Assert.ThrowsAsync<TimeoutException>(() => late);
        Assert.Equal(["first"], await grain.BegunAsync());
    }

    [Fact]
    public async Task A_call_that_nobody_waits_for_any_more_is_not_begun()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(clock));
        var grain = rig.Silo.GetGrain<IWorkGrain>("a");
        var (first, late) = (grain.WaitAsync("first"), grain.WaitAsync("late"));
        clock.Advance(TimeSpan.FromSeconds(31));
        await Assert.ThrowsAsync<TimeoutException>(() => first);
        await Assert.ThrowsAsync<TimeoutException>(() => late);

        await grain.OpenAsync();
        await grain.AddAsync(1, 1);

        Assert.Equal(["first"], await grain.BegunAsync());
    }

    [Fact]
    public async Task A_call_that_has_its_answer_is_watched_over_no_longer()
    {
        await using var rig = await Rig.StartAsync();
        var grain = rig.Silo.GetGrain<IWorkGrain>("a");
        var client = await rig.ClientAsync();
        var (local, remote) = (rig.Silo.LocalCalls, ((EngineRuntime)client).LocalCalls);

        var calls = Task.WhenAll(grain.WaitAsync("local"), client.GetGrain<IWorkGrain>("b").WaitAsync("before there is a connection"));
        Assert.Equal(1, local.Count);
        await grain.OpenAsync();
        await rig.Silo.GetGrain<IWorkGrain>("b").OpenAsync();
        await calls;

        Assert.Equal((0, 0), (local.Count, remote.Count));
    }

    [Fact]
    public async Task A_token_holds_on_to_no_call_that_has_its_answer()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync();
        using var cancellation = new CancellationTokenSource();

        var results = new[] { await MakeAsync(rig.Silo), await MakeAsync(client) };

        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !results.Any(static result => result.IsAlive);
            },
            cancellationToken: TestContext.Current.CancellationToken);

        async Task<WeakReference> MakeAsync(IGrainFactory from) => new(await from.GetGrain<IWorkGrain>("a").MakeUnlessAsync(10, cancellation.Token));
    }

    [Fact]
    public async Task Calls_that_could_have_begun_together_run_one_after_the_other_and_none_is_lost()
    {
        await using var rig = await Rig.StartAsync();
        var grain = rig.Silo.GetGrain<IWorkGrain>("a");

        await grain.BeginAsync(["one", "two", "three"]);
        Assert.Equal(["one"], await grain.BegunAsync());
        await grain.OpenAsync();

        await Eventually.TrueAsync(
            async () => (await grain.BegunAsync()) is ["one", "two", "three"], what: "all have begun", cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_grain_refuses_more_calls_than_its_bound()
    {
        await using var rig = await Rig.StartAsync(o => o.MaxCallsPerGrain = 10);
        var grain = rig.Silo.GetGrain<IWorkGrain>("a");
        var calls = Enumerable.Range(0, 10).Select(n => grain.WaitAsync($"{n}")).ToList();

        var error = await Assert.ThrowsAsync<OrleansException>(() => grain.WaitAsync("more"));
        Assert.Contains("overloaded", error.Message, StringComparison.Ordinal);
        await rig.Silo.GetGrain<IWorkGrain>("b").AddAsync(1, 1);
        calls.ForEach(call => Assert.False(call.IsCompleted));
    }

    [Fact]
    public async Task A_connection_refuses_more_calls_than_its_bound()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o => o.MaxCallsPerConnection = 10);
        await client.GetGrain<IWorkGrain>("warm").AddAsync(1, 1);
        var calls = Enumerable.Range(0, 10).Select(n => client.GetGrain<IWorkGrain>($"{n}").WaitAsync("x")).ToList();

        var error = await Assert.ThrowsAsync<OrleansException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 1));

        Assert.Contains("MaxCallsPerConnection", error.Message, StringComparison.Ordinal);
        calls.ForEach(call => Assert.False(call.IsCompleted));
    }

    [Fact]
    public async Task The_silo_refuses_more_calls_of_one_connection_than_its_bound()
    {
        await using var rig = await Rig.StartAsync(o => o.MaxCallsPerConnection = 10);
        var client = await rig.ClientAsync();
        await client.GetGrain<IWorkGrain>("warm").AddAsync(1, 1);
        var calls = Enumerable.Range(0, 10).Select(n => client.GetGrain<IWorkGrain>($"{n}").WaitAsync("x")).ToList();

        var error = await Assert.ThrowsAsync<OrleansException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 1));

        Assert.Contains("overloaded", error.Message, StringComparison.Ordinal);
        calls.ForEach(call => Assert.False(call.IsCompleted));
    }

    [Fact]
    public async Task Who_takes_no_answers_is_let_go_at_once()
    {
        await using var rig = await Rig.StartAsync(o => (o.MaxFrameBytes, o.MaxUnsentBytes) = (1024 * 1024, 1024 * 1024));
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(rig.Endpoint, TestContext.Current.CancellationToken);
        await using var stream = socket.GetStream();
        await new Handshake(Handshake.CurrentVersion, Handshake.EngineName, "default", "me", null, null).SendAsync(stream, TestContext.Current.CancellationToken);
        var outbox = new Outbox(stream, new EngineSiloOptions(), () => false, _ => { });
        await Eventually.TrueAsync(() => rig.Silo.Listener.ToClient("me") is not null, cancellationToken: TestContext.Current.CancellationToken);

        var isOpen = true;
        for (var call = 1u; isOpen && call < 1000; call++)
        {
            isOpen = outbox.Write(FrameKind.Request, call, "a", (writer, key) =>
            {
                writer.VarInt(0);
                writer.VarInt(30_000);
                writer.Fixed64(InterfaceInfo.Hash("tests.work/MakeAsync(System.Int32)"));
                writer.Text(key);
                Codecs<int>.Instance.Write(writer, 0, 1_000_000);
            });
        }

        await Eventually.TrueAsync(() => rig.Silo.Listener.ToClient("me") is null, cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_message_over_the_frame_limit_fails_its_call_only()
    {
        await using var rig = await Rig.StartAsync(o => o.MaxFrameBytes = 64 * 1024);
        var client = await rig.ClientAsync(o => o.MaxFrameBytes = 64 * 1024);
        var grain = client.GetGrain<IWorkGrain>("a");

        await Assert.ThrowsAsync<InvalidOperationException>(() => grain.TakeAsync(new byte[100_000]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => grain.MakeAsync(100_000));

        Assert.Equal(60_000, await grain.TakeAsync(new byte[60_000]));
        Assert.Equal(60_000, (await grain.MakeAsync(60_000)).Length);
    }

    [Fact]
    public async Task Calls_under_way_fail_at_once_when_the_silo_goes_and_new_ones_find_it_again()
    {
        var rig = await Rig.StartAsync();
        var endpoint = rig.Endpoint;
        var client = await rig.ClientAsync(o => (o.ReconnectDelay, o.ConnectTimeout) = (TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(20)));
        var grain = client.GetGrain<IWorkGrain>("a");
        var call = grain.WaitAsync("x");
        await Eventually.TrueAsync(async () => (await grain.BegunAsync()).Count == 1, what: "the call runs", cancellationToken: TestContext.Current.CancellationToken);

        using var give = new CancellationTokenSource(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        await rig.Silo.Listener.StopListeningAsync();
        await rig.Silo.Listener.CloseAsync(give.Token);

        await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
        await using var next = await Rig.StartAsync(o => o.Endpoint = endpoint);
        await Eventually.TrueAsync(IsAnsweredAsync, what: "the client finds the next silo", cancellationToken: TestContext.Current.CancellationToken);
        await grain.BegunAsync();
        await rig.Silo.GetGrain<IWorkGrain>("a").OpenAsync();
        await rig.DisposeAsync();

        // Between two tries to connect, a call is told at once that no silo is there.
        async Task<bool> IsAnsweredAsync()
        {
            try
            {
                return await grain.AddAsync(1, 2) == 3;
            }
            catch (SiloUnavailableException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task No_silo_at_all_is_said_with_the_reason()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o =>
        {
            o.Endpoints.Clear();
            o.Endpoints.Add(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1));
            o.ConnectTimeout = TimeSpan.FromMilliseconds(300);
        });

        var error = await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 1));

        Assert.Contains("127.0.0.1:1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ClusterId")]
    [InlineData("ResponseTimeout")]
    [InlineData("MaxFrameBytes")]
    [InlineData("MaxCallsPerGrain")]
    [InlineData("CollectionAge")]
    public async Task A_wrong_option_stops_the_start_and_is_named(string field)
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(async () => await Rig.StartAsync(o =>
        {
            switch (field)
            {
                case "ClusterId": o.ClusterId = " "; break;
                case "ResponseTimeout": o.ResponseTimeout = TimeSpan.Zero; break;
                case "MaxFrameBytes": o.MaxFrameBytes = 10; break;
                case "MaxCallsPerGrain": o.MaxCallsPerGrain = 0; break;
                default: o.CollectionAge = TimeSpan.Zero; break;
            }
        }));

        Assert.Contains($"EngineSiloOptions.{field}", error.Message, StringComparison.Ordinal);
    }
}
