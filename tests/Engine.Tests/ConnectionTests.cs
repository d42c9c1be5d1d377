using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

public sealed class ConnectionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_batch_of_requests_is_answered_in_one_flush()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Silo.GetGrain<IWorkGrain>("a").AddAsync(1, 1);
        await using var stream = new CountingStream([.. Enumerable.Range(1, 64).SelectMany(n => Request((uint)n))]);
        var connection = new Connection(rig.Silo, stream, new FrameReader(stream), "test", Handshake.Of(rig.Silo));

        await connection.RunAsync();

        Assert.Equal(64, Frames(stream.Written));
        Assert.Equal(1, stream.Writes);
    }

    [Fact]
    public async Task Calls_go_through_tls_when_it_is_configured()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        await using var rig = await Rig.StartAsync(o => o.Tls = new() { ServerCertificate = certificate });
        var client = await rig.ClientAsync(o => o.Tls = silo => new()
        {
            TargetHost = silo.ToString(),
            RemoteCertificateValidationCallback = (_, remote, _, _) => remote?.GetCertHashString() == certificate.GetCertHashString(),
        });
        var plain = await rig.ClientAsync(o => o.ConnectTimeout = TimeSpan.FromMilliseconds(500));

        Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
        Assert.Equal(1_000_000, (await client.GetGrain<IWorkGrain>("a").MakeAsync(1_000_000)).Length);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => plain.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
    }

    [Fact]
    public async Task A_caller_that_blocks_after_its_answer_holds_up_no_other()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o => o.ContinueInline = false);
        await client.GetGrain<IWorkGrain>("a").AddAsync(1, 1);
        using var others = new CountdownEvent(63);
        var first = 0;

        // Each on its own: an answer that came before the await would block the loop that makes the calls.
        var waited = await Task.WhenAll(Enumerable.Range(0, 64).Select(n => Task.Run(async () =>
        {
            await client.GetGrain<IWorkGrain>("a").AddAsync(n, n).ConfigureAwait(false);
            if (Interlocked.Increment(ref first) == 1)
                return others.Wait(TimeSpan.FromSeconds(30), Ct);
            others.Signal();
            return true;
        }, Ct)));

        Assert.DoesNotContain(false, waited);
    }

    [Fact]
    public async Task A_caller_that_blocks_on_its_next_call_gets_its_answer()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o => o.ContinueInline = false);
        var grain = client.GetGrain<IWorkGrain>("a");

        var isAnswered = await Task.Run(async () =>
        {
            await grain.AddAsync(1, 1).ConfigureAwait(false);       // from here on by the thread that reads
            return ((IAsyncResult)grain.AddAsync(1, 2)).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(20));
        }, Ct);

        Assert.True(isAnswered);
    }

    [Fact]
    public async Task A_call_fails_at_once_while_every_silo_refuses()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o =>
        {
            o.Endpoints.Clear();
            o.Endpoints.Add(new IPEndPoint(IPAddress.Loopback, FreePort.Next()));
            o.ConnectTimeout = TimeSpan.FromMinutes(5);
        });

        var refused = await Assert.ThrowsAsync<SiloUnavailableException>(
            () => client.GetGrain<IWorkGrain>("a").AddAsync(1, 1).WaitAsync(Eventually.Deadline, TimeProvider.System, TestContext.Current.CancellationToken));

        Assert.Contains("refused", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_have_threads_of_their_own_up_to_a_number_and_past_it_are_served_too()
    {
        const int Past = 200;
        await using var rig = await Rig.StartAsync(o => o.HandshakeTimeout = TimeSpan.FromMinutes(1));
        var before = Threads();
        var idle = new List<Socket>();
        try
        {
            for (var n = 0; n < SiloListener.MostThreads + Past; n++)
            {
                idle.Add(new(SocketType.Stream, ProtocolType.Tcp));
                await idle[^1].ConnectAsync(rig.Endpoint, Ct);
            }

            var client = await rig.ClientAsync();

            Assert.Equal(3, await client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));
            Assert.InRange(Threads() - before, SiloListener.MostThreads / 2, SiloListener.MostThreads + (Past / 2));
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        await Eventually.TrueAsync(() => Threads() < before + (SiloListener.MostThreads / 2), what: "the threads end with their connections", cancellationToken: Ct);
    }

    [Fact]
    public async Task Several_connections_share_the_calls()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o => o.ConnectionsPerEndpoint = 4);

        var sums = await Task.WhenAll(Enumerable.Range(0, 1000).Select(n => client.GetGrain<IWorkGrain>($"{n % 5}").AddAsync(n, n)));

        Assert.Equal(Enumerable.Range(0, 1000).Select(n => 2 * n), sums);
    }

    private static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    [Fact]
    public async Task Who_takes_no_answers_is_let_go_whatever_the_network_makes_of_it()
    {
        await using var rig = await Rig.StartAsync(o => (o.MaxFrameBytes, o.MaxUnsentBytes) = (1024 * 1024, 1024 * 1024));
        await using var stream = new StuckStream([.. Enumerable.Range(1, 8).SelectMany(n => Request((uint)n, "MakeAsync(System.Int32)", 1_000_000))]);
        var connection = new Connection(rig.Silo, stream, new FrameReader(stream), "test", Handshake.Of(rig.Silo));

        await connection.RunAsync().WaitAsync(Eventually.Deadline, Ct);

        Assert.False(connection.IsOpen);
    }

    [Fact]
    public async Task What_was_answered_can_be_cancelled_no_longer()
    {
        await using var rig = await Rig.StartAsync();
        await using var stream = new CountingStream([]);
        var calls = new IncomingCalls(rig.Silo, new(stream, rig.Silo.Limits, () => false, _ => { }), _ => { });

        Receive();

        await Eventually.TrueAsync(() => calls is { Running: 0, Cancelable: 0 }, cancellationToken: Ct);

        void Receive()
        {
            var reader = new MessageReader(Request(1, isCancelable: true).AsSpan(4), rig.Silo);
            Assert.Equal((1ul, 1ul), (reader.VarInt(), reader.VarInt()));
            calls.Receive(ref reader, 1);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Calls_fail_at_once_when_the_connection_is_reset_or_nonsense_comes(bool isReset)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var rig = await Rig.StartAsync();
        var client = await ClientOfAsync(rig, listener);
        using var silo = await GreetAsync(listener);
        var call = client.GetGrain<IWorkGrain>("a").AddAsync(1, 1);
        Assert.NotEqual(0, await silo.GetStream().ReadAsync(new byte[1], Ct));

        silo.LingerState = new(true, 0);
        if (isReset)
            silo.Close();
        else
            await silo.GetStream().WriteAsync(new byte[] { 255, 255, 255, 255 }, Ct);

        await Assert.ThrowsAsync<SiloUnavailableException>(() => call.WaitAsync(Eventually.Deadline, Ct));
    }

    [Fact]
    public async Task An_answer_that_can_not_be_read_is_an_error()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var rig = await Rig.StartAsync();
        var client = await ClientOfAsync(rig, listener);
        using var silo = await GreetAsync(listener);
        var call = client.GetGrain<IWorkGrain>("a").AddAsync(1, 1);
        Assert.NotEqual(0, await silo.GetStream().ReadAsync(new byte[1], Ct));

        var writer = new MessageWriter();
        writer.Fixed32(0);
        writer.VarInt((byte)FrameKind.Value);
        writer.VarInt(1);
        Codecs<string>.Instance.Write(writer, 0, "no number");
        writer.Patch32(0, (uint)writer.Length - 4);
        await silo.GetStream().WriteAsync(writer.Written, Ct);

        await Assert.ThrowsAnyAsync<InvalidDataException>(() => call.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
    }

    [Fact]
    public async Task An_attempt_that_failed_is_not_followed_at_once_by_the_next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync();
        await ClientOfAsync(rig, listener, services: s => s.AddSingleton<TimeProvider>(clock));
        (await listener.AcceptSocketAsync(Ct)).Dispose();

        for (var i = 0; i < 50; i++)
        {
            using var other = new TcpClient();
            await other.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Ct);
            using var accepted = await listener.AcceptSocketAsync(Ct);
            Assert.Equal(((IPEndPoint)other.Client.LocalEndPoint!).Port, ((IPEndPoint)accepted.RemoteEndPoint!).Port);
        }

        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return listener.Pending();
            },
            what: "the next attempt",
            cancellationToken: Ct);
    }

    [Fact]
    public async Task A_silo_that_reads_nothing_is_sent_no_more_than_the_bound()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var rig = await Rig.StartAsync();
        var client = await ClientOfAsync(rig, listener, o => (o.MaxFrameBytes, o.MaxUnsentBytes) = (1024 * 1024, 1024 * 1024));
        using var silo = await GreetAsync(listener);

        var calls = Enumerable.Range(0, 100).Select(_ => client.GetGrain<IWorkGrain>("a").TakeAsync(new byte[500_000])).ToList();

        var refused = await Task.WhenAny(calls).WaitAsync(Eventually.Deadline, Ct);
        Assert.Contains("MaxUnsentBytes", (await Assert.ThrowsAsync<OrleansException>(() => refused)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_of_a_connection_that_ended_are_watched_over_no_longer()
    {
        using var clock = new DeadlineClock(new ManualTimeProvider(), TimeSpan.FromSeconds(1));
        var calls = Closed();

        GC.Collect();

        Assert.False(calls.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Closed()
        {
            var calls = new PendingCalls(clock);
            calls.Close();
            return new(calls);
        }
    }

    [Fact]
    public async Task A_client_that_went_away_leaves_nothing_behind()
    {
        await using var rig = await Rig.StartAsync();

        await PassByAsync(rig, "passer-by");
    }

    [Fact]
    public async Task A_client_that_lost_a_connection_is_reached_by_its_other()
    {
        await using var rig = await Rig.StartAsync();
        using var first = await ConnectAsync(rig, "me");
        using var second = await ConnectAsync(rig, "me");

        first.Dispose();
        await PassByAsync(rig, "another");

        await Eventually.TrueAsync(() => rig.Silo.Listener.ToClient("me") is not null, cancellationToken: Ct);
    }

    private static async Task<TcpClient> ConnectAsync(Rig rig, string name)
    {
        var client = new TcpClient();
        await client.ConnectAsync(rig.Endpoint, Ct);
        await new Handshake(Handshake.CurrentVersion, Handshake.EngineName, "default", name, null, null).SendAsync(client.GetStream(), Ct);
        await Eventually.TrueAsync(() => rig.Silo.Listener.ToClient(name) is not null, cancellationToken: Ct);
        return client;
    }

    /// <summary>Connects, goes, and waits until the garbage collector has all that was there.</summary>
    private static async Task PassByAsync(Rig rig, string client)
    {
        WeakReference connection, name;
        using (await ConnectAsync(rig, client))
            (connection, name) = Connected();

        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !connection.IsAlive && !name.IsAlive;
            },
            cancellationToken: Ct);

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference Connection, WeakReference Name) Connected()
        {
            var connection = rig.Silo.Listener.ToClient(client)!;
            return (new(connection), new(connection.Peer.ClientId));
        }
    }

    private static Task<IClusterClient> ClientOfAsync(
        Rig rig, TcpListener listener, Action<EngineClientOptions>? options = null, Action<IServiceCollection>? services = null) => rig.ClientAsync(
        o =>
        {
            o.Endpoints.Clear();
            o.Endpoints.Add(listener.LocalEndpoint);
            options?.Invoke(o);
        },
        services);

    /// <summary>Takes a client's connection as a silo does, and no more.</summary>
    private static async Task<TcpClient> GreetAsync(TcpListener listener)
    {
        var silo = await listener.AcceptTcpClientAsync(Ct);
        await Handshake.ReceiveAsync(new FrameReader(silo.GetStream()), Ct);
        await new Handshake(Handshake.CurrentVersion, Handshake.EngineName, "default", null, null, null).SendAsync(silo.GetStream(), Ct);
        return silo;
    }

    private static byte[] Request(uint call, bool isCancelable = false) => Request(call, "AddAsync(System.Int32,System.Int32)", 1, 2, isCancelable);

    private static byte[] Request(uint call, string method, int first, int? second = null, bool isCancelable = false)
    {
        var writer = new MessageWriter();
        writer.Fixed32(0);
        writer.VarInt(1);
        writer.VarInt(call);
        writer.VarInt(isCancelable ? 1u : 0u);
        writer.VarInt(30_000);
        writer.Fixed64(InterfaceInfo.Hash($"tests.work/{method}"));
        writer.Text("a");
        Codecs<int>.Instance.Write(writer, 0, first);
        if (second is { } other)
            Codecs<int>.Instance.Write(writer, 1, other);
        writer.Patch32(0, (uint)writer.Length - 4);
        return writer.Written.ToArray();
    }

    private static int Frames(byte[] bytes)
    {
        var count = 0;
        for (var at = 0; at < bytes.Length; at += 4 + BitConverter.ToInt32(bytes, at))
            count++;
        return count;
    }

    /// <summary>Gives its bytes, and then neither gives nor takes any until it is disposed of.</summary>
    private sealed class StuckStream(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length)
                await _disposed.Task;
            return await base.ReadAsync(buffer, cancellationToken);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(_disposed.Task);

        protected override void Dispose(bool disposing)
        {
            _disposed.TrySetException(new IOException("Closed."));
            base.Dispose(disposing);
        }
    }

    /// <summary>Gives its bytes at one read, and counts writes.</summary>
    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly MemoryStream _written = new();

        public int Writes { get; private set; }

        public byte[] Written => _written.ToArray();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            _written.Write(buffer.Span);
            return default;
        }
    }
}
