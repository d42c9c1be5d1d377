using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

/// <summary>Whoever is not a client of this engine and cluster is told so, logged once, and let go.</summary>
public sealed class HandshakeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "speaks HTTP")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001", "TLS is not configured")]
    [InlineData("\u0082\u0000\u0000\u0000 orleans", "handshake of an Orleans")]
    [InlineData("complete nonsense", "does not speak the protocol")]
    [InlineData("x", "does not speak the protocol")]
    public async Task Strangers_are_answered_in_words_and_closed(string bytes, string reason)
    {
        await using var rig = await Rig.StartAsync();

        var answer = await AskAsync(rig.Endpoint, Encoding.Latin1.GetBytes(bytes));

        Assert.Contains("engine 'builtin'", answer, StringComparison.Ordinal);
        Assert.Contains(reason, await rig.LineAsync(106), StringComparison.Ordinal);
        Assert.Single(rig.Log.Lines, l => l.Id == 106);
        Assert.Equal(3, await (await rig.ClientAsync()).GetGrain<IWorkGrain>("a").AddAsync(1, 2));
    }

    [Fact]
    public async Task Garbage_after_the_magic_is_refused_too()
    {
        var random = new Random(5);
        await using var rig = await Rig.StartAsync();

        for (var n = 1; n <= 20; n++)
        {
            var bytes = new byte[200];
            random.NextBytes(bytes);
            "OCENGINE"u8.CopyTo(bytes);
            if (n % 2 == 0)
                BitConverter.TryWriteBytes(bytes.AsSpan(8), 100);
            await AskAsync(rig.Endpoint, bytes);
            await Eventually.TrueAsync(() => rig.Log.Lines.Count(l => l.Id == 106) == n, what: "the refusal", cancellationToken: TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Garbage_after_the_handshake_ends_that_connection_only()
    {
        await using var rig = await Rig.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(rig.Endpoint, Ct);
        await using var stream = socket.GetStream();
        var writer = new MessageWriter();
        writer.Raw(Handshake.Magic);
        writer.Fixed32(0);
        Codecs<Handshake>.Instance.Write(writer, 0, new(Handshake.CurrentVersion, Handshake.EngineName, "default", "me", null, null));
        writer.Patch32(8, (uint)writer.Length - 12);
        writer.Fixed32(int.MaxValue);
        await stream.WriteAsync(writer.Written, Ct);

        Assert.Contains("MaxFrameBytes", await rig.LineAsync(106), StringComparison.Ordinal);
        Assert.Equal(3, await (await rig.ClientAsync()).GetGrain<IWorkGrain>("a").AddAsync(1, 2));
    }

    [Fact]
    public async Task Who_says_nothing_is_let_go_after_the_handshake_timeout()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(clock));
        using var socket = new TcpClient();
        await socket.ConnectAsync(rig.Endpoint, Ct);
        var closed = socket.GetStream().ReadAsync(new byte[1], Ct).AsTask();

        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return closed.IsCompleted;
        }, what: "the connection is closed", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains("did not introduce itself", await rig.LineAsync(106), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_cluster_is_refused_in_words_on_both_sides()
    {
        await using var rig = await Rig.StartAsync();
        var stranger = await rig.ClientAsync(o => (o.ClusterId, o.ConnectTimeout) = ("other", TimeSpan.FromSeconds(1)));

        var error = await Assert.ThrowsAsync<SiloUnavailableException>(() => stranger.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        Assert.Contains("belongs to cluster 'default', this is cluster 'other'", error.Message, StringComparison.Ordinal);
        Assert.Contains("belongs to cluster 'other', this is cluster 'default'", await rig.LineAsync(106), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_says_that_the_other_side_is_no_silo_of_this_engine()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = AcceptAsync();
        await using var rig = await Rig.StartAsync();
        var client = await rig.ClientAsync(o =>
        {
            o.Endpoints.Clear();
            o.Endpoints.Add(listener.LocalEndpoint);
            o.ConnectTimeout = TimeSpan.FromSeconds(1);
        });

        var error = await Assert.ThrowsAsync<SiloUnavailableException>(() => client.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        Assert.Contains("speaks HTTP", error.Message, StringComparison.Ordinal);

        async Task AcceptAsync()
        {
            while (true)
            {
                using var socket = await listener.AcceptTcpClientAsync(Ct);
                await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\n\r\n"), Ct);
                await socket.GetStream().ReadAtLeastAsync(new byte[8], 8, throwOnEndOfStream: false, Ct);
            }
        }
    }

    [Fact]
    public async Task A_port_in_use_fails_the_start_and_says_what_to_do()
    {
        await using var rig = await Rig.StartAsync();

        var error = await Assert.ThrowsAsync<EngineStartException>(() => rig.AddAsync(s => s.AddEngineSilo(o => o.Endpoint = rig.Endpoint)));

        Assert.Contains($"Endpoint is {rig.Endpoint}", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(IPEndPoint endpoint, byte[] bytes)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(endpoint, Ct);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(bytes, Ct);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        try
        {
            return await reader.ReadToEndAsync(Ct);
        }
        catch (IOException)
        {
            return "reset";
        }
    }
}
