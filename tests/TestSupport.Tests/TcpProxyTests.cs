using System.Net;
using System.Net.Sockets;

namespace OrleansCache.TestSupport;

public sealed class TcpProxyTests : IAsyncDisposable
{
    private static readonly TimeSpan AWhile = TimeSpan.FromMilliseconds(100);
    private readonly TcpListener _echo = new(IPAddress.Loopback, 0);
    private readonly TcpProxy _proxy;
    private int _served;

    public TcpProxyTests()
    {
        _echo.Start();
        _proxy = TcpProxy.To(((IPEndPoint)_echo.LocalEndpoint).Port);
        _ = ServeAsync();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_pass()
    {
        using var client = await ConnectAsync();

        Assert.Equal<byte?>(7, await AskAsync(client, 7));
        Assert.Equal(1, _proxy.Connections);
    }

    [Fact]
    public async Task A_delay_counts_in_each_direction()
    {
        using var client = await ConnectAsync();
        _proxy.Delay(AWhile);
        var began = TimeProvider.System.GetTimestamp();

        Assert.Equal<byte?>(7, await AskAsync(client, 7));

        Assert.InRange(TimeProvider.System.GetElapsedTime(began), AWhile * 1.9, Eventually.Deadline);
    }

    [Theory]
    [InlineData(ProxyDirection.ToServer, 0)]
    [InlineData(ProxyDirection.ToClient, 1)]
    public async Task What_is_held_arrives_after_the_healing(ProxyDirection direction, int servedBefore)
    {
        using var client = await ConnectAsync();
        _proxy.Hold(direction);
        var answer = AskAsync(client, 7);
        await Eventually.TrueAsync(() => Volatile.Read(ref _served) == servedBefore, cancellationToken: Ct);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(AWhile, TimeProvider.System, Ct));
        Assert.Equal(servedBefore, Volatile.Read(ref _served));

        _proxy.Heal();

        Assert.Equal<byte?>(7, await answer.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
    }

    [Fact]
    public async Task A_reply_that_was_swallowed_never_comes_and_its_connection_ends_with_the_healing()
    {
        using var client = await ConnectAsync();
        _proxy.Swallow(ProxyDirection.ToClient);
        var answer = AskAsync(client, 7);
        await Eventually.TrueAsync(() => Volatile.Read(ref _served) == 1, cancellationToken: Ct);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(AWhile, TimeProvider.System, Ct));

        _proxy.Heal();

        Assert.Null(await answer.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));
        using var second = await ConnectAsync();
        Assert.Equal<byte?>(8, await AskAsync(second, 8));
    }

    [Fact]
    public async Task What_is_cut_ends_and_stays_so_until_the_healing()
    {
        using var client = await ConnectAsync();
        await AskAsync(client, 7);
        _proxy.Cut();
        Assert.Null(await AskAsync(client, 7));
        Assert.Null(await AskAnewAsync(7));

        _proxy.Heal();

        using var second = await ConnectAsync();
        Assert.Equal<byte?>(8, await AskAsync(second, 8));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _echo.Dispose();
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _proxy.Port, Ct);
        return socket;
    }

    /// <summary>Over a connection of its own, which may be reset before it is made.</summary>
    private async Task<byte?> AskAnewAsync(byte question)
    {
        try
        {
            using var socket = await ConnectAsync();
            return await AskAsync(socket, question);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The byte that came back; null when the connection ended.</summary>
    private static async Task<byte?> AskAsync(Socket client, byte question)
    {
        var answer = new byte[1];
        try
        {
            await client.SendAsync(new[] { question }, Ct);
            return await client.ReceiveAsync(answer, Ct) == 1 ? answer[0] : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private async Task ServeAsync()
    {
        while (true)
            _ = EchoAsync(await _echo.AcceptSocketAsync(Ct));
    }

    private async Task EchoAsync(Socket socket)
    {
        var bytes = new byte[16];
        while (await socket.ReceiveAsync(bytes, Ct) is > 0 and var count)
        {
            Interlocked.Increment(ref _served);
            await socket.SendAsync(bytes.AsMemory(0, count), Ct);
        }
        socket.Dispose();
    }
}
