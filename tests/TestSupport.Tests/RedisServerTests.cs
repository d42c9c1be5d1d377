using System.Net.Sockets;
using System.Text;

namespace OrleansCache.TestSupport;

public class RedisServerTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_serves_is_killed_and_comes_back_on_the_same_port_with_its_data()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        await using var server = await RedisServer.StartAsync(new() { AppendOnly = true, AppendFsync = "always" }, _cancellation);
        Assert.Equal("+OK\r\n", await AskAsync(server, "SET k v"));
        var pid = server.Pid;

        await server.KillAsync();
        Assert.False(server.IsRunning);
        await server.RestartAsync(_cancellation);

        Assert.NotEqual(pid, server.Pid);
        Assert.Equal("$1\r\nv\r\n", await AskAsync(server, "GET k"));
    }

    [Fact]
    public async Task A_paused_server_answers_only_after_it_is_resumed()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        await using var server = await RedisServer.StartAsync(cancellationToken: _cancellation);

        await server.PauseAsync();
        var answer = AskAsync(server, "PING");
        Assert.False(answer.IsCompleted);
        await server.ResumeAsync();

        Assert.Equal("+PONG\r\n", await answer);
    }

    [Fact]
    public async Task A_stopped_server_takes_its_folder_with_it()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        var server = await RedisServer.StartAsync(cancellationToken: _cancellation);

        await server.StopAsync();
        Assert.True(Directory.Exists(server.Directory));
        await server.DisposeAsync();

        Assert.False(Directory.Exists(server.Directory));
    }

    private async Task<string> AskAsync(RedisServer server, string command)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.Port, _cancellation);
        await socket.SendAsync(Encoding.ASCII.GetBytes(command + "\r\n"), _cancellation);
        var buffer = new byte[256];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, _cancellation));
    }
}
