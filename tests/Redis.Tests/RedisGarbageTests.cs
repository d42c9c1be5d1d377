using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansCache.TestSupport;

namespace OrleansCache.Redis;

public class RedisGarbageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("$5\r\nabcdefg\r\n")]
    [InlineData("+PONG\r\n+and one that nobody asked for\r\n")]
    [InlineData("$99999999999\r\n")]
    public async Task Garbage_breaks_the_connection_and_the_next_one_serves(string garbage)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, garbage);
        await using var client = await RedisClient.ConnectAsync(
            RedisConnectionOptions.Parse($"{listener.LocalEndpoint}"), cancellationToken: Cancellation);
        var lost = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ConnectionLost += exception => lost.TrySetResult(exception);

        var call = client.ExecuteAsync(["PING"], Cancellation).AsTask();

        Assert.IsType<RedisProtocolException>(await lost.Task.WaitAsync(Eventually.Deadline, Cancellation));
        await Task.WhenAny(call);
        Assert.True(call.IsCompletedSuccessfully || call.Exception!.InnerException is RedisConnectionException { MaybeApplied: true });
        await Eventually.TrueAsync(() => client.IsConnected, cancellationToken: Cancellation);
        Assert.Equal("second", (await client.ExecuteAsync(["PING"], Cancellation)).AsString());
        await client.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task A_server_that_loads_its_data_is_not_used_yet()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, "+first\r\n", probe: "-LOADING Redis is loading the dataset in memory\r\n");

        await using var client = await RedisClient.ConnectAsync(
            RedisConnectionOptions.Parse($"{listener.LocalEndpoint}"), cancellationToken: Cancellation);

        Assert.Equal("second", (await client.ExecuteAsync(["PING"], Cancellation)).AsString());
        await client.DisposeAsync();
        await serving;
    }

    // Answers by the number of the connection, without reading what is asked beyond its presence.
    private static async Task ServeAsync(TcpListener listener, string first, string probe = "+PONG\r\n")
    {
        foreach (var (pong, answer) in new[] { (probe, first), ("+PONG\r\n", "+second\r\n") })
        {
            using var socket = await listener.AcceptSocketAsync(Cancellation);
            var buffer = new byte[4096];
            foreach (var line in new[] { "%1\r\n+role\r\n+master\r\n", pong, answer })
            {
                if (await socket.ReceiveAsync(buffer, Cancellation) == 0)
                    break;
                await socket.SendAsync(Encoding.ASCII.GetBytes(line), Cancellation);
            }
            try
            {
                await socket.ReceiveAsync(buffer, Cancellation);
            }
            catch (SocketException)
            {
                // The client hung up with bytes unread.
            }
        }
    }
}
