using System.Net;
using System.Net.Sockets;
using OrleansCache.TestSupport;

namespace OrleansCache.Redis;

public class RedisConnectionTests : RedisTest
{
    protected override RedisServerOptions ServerOptions => new() { AppendOnly = true, AppendFsync = "always" };

    [Fact]
    public async Task After_a_kill_and_a_restart_the_client_is_back_by_itself()
    {
        var client = await ConnectAsync();
        var (lost, connected) = (0, 0);
        client.ConnectionLost += _ => Interlocked.Increment(ref lost);
        client.Connected += () => Interlocked.Increment(ref connected);
        await client.SetAsync("k", "v", cancellationToken: Cancellation);

        await Server.KillAsync();
        await Eventually.TrueAsync(() => !client.IsConnected && lost == 1, cancellationToken: Cancellation);
        await Server.RestartAsync(Cancellation);
        await Eventually.TrueAsync(() => client.IsConnected && connected == 1, cancellationToken: Cancellation);

        Assert.Equal("v", await TextAsync(client, "k"));
    }

    [Fact]
    public async Task While_it_is_away_commands_fail_at_once_and_were_not_applied()
    {
        var client = await ConnectAsync();
        await Server.KillAsync();
        await Eventually.TrueAsync(() => !client.IsConnected && client.LastFailure is not EndOfStreamException, cancellationToken: Cancellation);

        var call = client.SetAsync("k", "v", cancellationToken: Cancellation);

        Assert.True(call.IsCompleted);
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(async () => await call);
        Assert.False(exception.MaybeApplied);
        Assert.Contains($"127.0.0.1:{Server.Port}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_outstanding_at_a_break_fail_at_once_and_may_have_been_applied()
    {
        var client = await ConnectAsync();
        await Server.PauseAsync();
        var calls = Enumerable.Range(0, 100).Select(i => client.SetAsync($"k{i}", "v", cancellationToken: Cancellation).AsTask()).ToArray();

        await Server.KillAsync();

        foreach (var call in calls)
        {
            var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => call);
            Assert.True(exception.MaybeApplied);
            Assert.Contains("may have been applied", exception.Message, StringComparison.Ordinal);
        }
        Assert.Equal(0, client.Outstanding);
    }

    [Fact]
    public async Task What_never_left_this_process_at_a_break_was_not_applied()
    {
        var client = await ConnectAsync();
        await Server.PauseAsync();
        var stuck = client.SetAsync("big", new byte[64 << 20], cancellationToken: Cancellation).AsTask();
        var behind = client.SetAsync("k", "v", cancellationToken: Cancellation).AsTask();

        await Server.KillAsync();

        Assert.True((await Assert.ThrowsAsync<RedisConnectionException>(() => stuck)).MaybeApplied);
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => behind);
        Assert.False(exception.MaybeApplied);
        Assert.Contains("can not have been applied", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_was_answered_is_there_after_a_kill()
    {
        var client = await ConnectAsync("abortConnect=false");
        HashSet<int> acknowledged = [], unknown = [];

        for (var i = 0; i < 600; i++)
        {
            if (i % 200 == 100)
                await Task.WhenAll(Server.KillAsync(), WriteAsync(i));
            else
                await WriteAsync(i);
            if (i % 200 != 150)
                continue;
            await Server.RestartAsync(Cancellation);
            await Eventually.TrueAsync(() => client.IsConnected, cancellationToken: Cancellation);
        }

        Assert.InRange(acknowledged.Count, 300, 600);
        for (var i = 0; i < 600; i++)
        {
            var found = await client.GetAsync($"k{i}", Cancellation) is not null;
            if (!unknown.Contains(i))
                Assert.Equal(acknowledged.Contains(i), found);
        }

        async Task WriteAsync(int i)
        {
            try
            {
                await client.SetAsync($"k{i}", "v", cancellationToken: Cancellation);
                acknowledged.Add(i);
            }
            catch (RedisConnectionException exception)
            {
                if (exception.MaybeApplied)
                    unknown.Add(i);
            }
        }
    }

    [Fact]
    public async Task A_stalled_server_is_a_timeout_and_a_lost_connection()
    {
        var clock = new ManualTimeProvider();
        var client = await ConnectAsync("asyncTimeout=2000,connectTimeout=3000", clock: clock);
        Exception? cause = null;
        client.ConnectionLost += exception => cause = exception;
        await Server.PauseAsync();
        var started = clock.GetTimestamp();
        var call = client.SetAsync("k", "v", cancellationToken: Cancellation).AsTask();

        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(100), () => call.IsCompleted);
        var timeout = await Assert.ThrowsAsync<RedisTimeoutException>(() => call);

        Assert.True(timeout.MaybeApplied);
        Assert.Contains("2000 ms", timeout.Message, StringComparison.Ordinal);
        Assert.InRange(clock.GetElapsedTime(started).TotalMilliseconds, 2_000, 2_200);
        Assert.False(client.IsConnected);
        await Eventually.TrueAsync(() => cause is TimeoutException, cancellationToken: Cancellation);

        await Server.ResumeAsync();
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(50), () => client.IsConnected);
        await client.PingAsync(Cancellation);
    }

    [Fact]
    public async Task An_idle_connection_is_tried_and_a_silent_one_given_up()
    {
        var clock = new ManualTimeProvider();
        var client = await ConnectAsync("keepAlive=10,asyncTimeout=1000,connectTimeout=3000", clock: clock);
        await Server.PauseAsync();

        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, client.Outstanding);
        clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(1, client.Outstanding);
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False(client.IsConnected);
    }

    [Fact]
    public async Task The_backlog_is_bounded()
    {
        var options = RedisConnectionOptions.Parse(Server.EndPoint);
        var client = await ConnectAsync(new RedisConnectionOptions { EndPoints = options.EndPoints, MaxPendingCommands = 10 });
        await Server.PauseAsync();
        var waiting = Enumerable.Range(0, 10).Select(_ => client.PingAsync(Cancellation).AsTask()).ToArray();

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.PingAsync(Cancellation));
        await Server.ResumeAsync();

        Assert.False(exception.MaybeApplied);
        Assert.Contains("MaxPendingCommands", exception.Message, StringComparison.Ordinal);
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task So_are_the_bytes_that_wait_to_be_sent()
    {
        var options = RedisConnectionOptions.Parse(Server.EndPoint);
        var client = await ConnectAsync(new RedisConnectionOptions { EndPoints = options.EndPoints, MaxUnsentBytes = 1_000 });
        await Server.PauseAsync();
        var stuck = client.SetAsync("big", new byte[64 << 20], cancellationToken: Cancellation).AsTask();
        var waiting = client.SetAsync("k", new byte[2_000], cancellationToken: Cancellation).AsTask();

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.PingAsync(Cancellation));
        await Server.ResumeAsync();

        Assert.False(exception.MaybeApplied);
        Assert.Contains("MaxUnsentBytes", exception.Message, StringComparison.Ordinal);
        await Task.WhenAll(stuck, waiting);
    }

    [Fact]
    public async Task A_reply_over_the_limit_breaks_the_connection_and_only_that()
    {
        var options = RedisConnectionOptions.Parse(Server.EndPoint);
        var client = await ConnectAsync(new RedisConnectionOptions { EndPoints = options.EndPoints, MaxReplyBytes = 10_000 });
        await client.SetAsync("big", new byte[20_000], cancellationToken: Cancellation);

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.GetAsync("big", Cancellation));

        Assert.Contains("MaxReplyBytes", exception.Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => client.IsConnected, cancellationToken: Cancellation);
        await client.PingAsync(Cancellation);
    }

    [Fact]
    public async Task An_unreachable_server_is_an_error_at_start_that_names_it()
    {
        await Server.KillAsync();

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync("connectTimeout=300,password=geheim"));

        Assert.Contains($"127.0.0.1:{Server.Port}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("connectTimeout", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_was_not_connected_in_time_tries_no_more()
    {
        var clock = new ManualTimeProvider();
        await Server.KillAsync();
        var connecting = ConnectAsync("connectTimeout=300", clock: clock);

        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(100), () => connecting.IsCompleted);

        await Assert.ThrowsAsync<RedisConnectionException>(() => connecting);
        Assert.Equal(0, clock.ActiveTimers);
    }

    [Fact]
    public async Task Who_gives_up_while_it_connects_gets_no_client()
        => await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => RedisClient.ConnectAsync(RedisConnectionOptions.Parse($"127.0.0.1:{FreePort.Next()},abortConnect=false"), cancellationToken: new(canceled: true)));

    [Fact]
    public async Task Without_an_end_point_there_is_no_client()
        => Assert.Contains("EndPoints", (await Assert.ThrowsAsync<ArgumentException>(() => ConnectAsync(new RedisConnectionOptions()))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task With_abortConnect_false_it_may_come_later()
    {
        await Server.KillAsync();
        var client = await ConnectAsync("abortConnect=false,connectTimeout=300");
        Assert.False(client.IsConnected);

        await Server.RestartAsync(Cancellation);

        await Eventually.TrueAsync(() => client.IsConnected, cancellationToken: Cancellation);
        await client.PingAsync(Cancellation);
    }

    [Fact]
    public async Task Of_several_servers_the_one_that_answers_is_taken()
    {
        var client = await ConnectAsync(RedisConnectionOptions.Parse($"127.0.0.1:{FreePort.Next()},{Server.EndPoint}"));

        await client.SetAsync("k", "v", cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Of_several_servers_one_that_refuses_is_passed_over()
    {
        using var refusing = new TcpListener(IPAddress.Loopback, 0);
        refusing.Start();
        var refusal = RefuseAsync();

        var client = await ConnectAsync(RedisConnectionOptions.Parse($"{refusing.LocalEndpoint},{Server.EndPoint}"));

        await client.PingAsync(Cancellation);
        await refusal;

        async Task RefuseAsync()
        {
            using var socket = await refusing.AcceptSocketAsync(Cancellation);
            await socket.ReceiveAsync(new byte[4096], Cancellation);
            await socket.SendAsync("-WRONGPASS not you\r\n"u8.ToArray(), Cancellation);
        }
    }

    [Fact]
    public async Task An_attempt_that_failed_is_not_followed_at_once_by_the_next()
    {
        using var closing = new TcpListener(IPAddress.Loopback, 0);
        closing.Start();
        var accepted = 0;
        var serving = CloseAsync();
        var clock = new ManualTimeProvider();
        var connecting = ConnectAsync(RedisConnectionOptions.Parse($"{closing.LocalEndpoint},abortConnect=false"), clock);
        await Eventually.TrueAsync(() => accepted == 1, cancellationToken: Cancellation);

        for (var i = 0; i < 50; i++)
        {
            using var other = new TcpClient();
            await other.ConnectAsync((IPEndPoint)closing.LocalEndpoint, Cancellation);
            await Eventually.TrueAsync(() => accepted > i + 1, cancellationToken: Cancellation);
        }

        Assert.Equal(51, accepted);
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(50), () => accepted > 51);
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(50), () => connecting.IsCompleted);
        closing.Stop();
        await serving;

        async Task CloseAsync()
        {
            try
            {
                while (true)
                {
                    (await closing.AcceptSocketAsync(Cancellation)).Dispose();
                    Interlocked.Increment(ref accepted);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The test is over.
            }
        }
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task A_server_that_accepts_and_says_nothing_is_given_up(string ssl)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(
            () => ConnectAsync(RedisConnectionOptions.Parse($"{silent.LocalEndpoint},connectTimeout=300,ssl={ssl}")).WaitAsync(Eventually.Deadline, Cancellation));

        Assert.Contains("connectTimeout", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_a_client_waits_for_the_handler_that_runs()
    {
        var client = await ConnectAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var go = new ManualResetEventSlim();
        client.ConnectionLost += _ =>
        {
            begun.SetResult();
            go.Wait(Eventually.Deadline, Cancellation);
        };
        await Server.KillAsync();
        await begun.Task.WaitAsync(Eventually.Deadline, Cancellation);

        var end = client.DisposeAsync().AsTask();

        Assert.False(end.IsCompleted);
        go.Set();
        await end.WaitAsync(Eventually.Deadline, Cancellation);
    }

    [Fact]
    public async Task A_disposed_client_fails_what_waits_and_what_comes()
    {
        var client = await ConnectAsync();
        await Server.PauseAsync();
        var waiting = client.PingAsync(Cancellation).AsTask();

        await client.DisposeAsync();

        await Assert.ThrowsAsync<RedisConnectionException>(() => waiting);
        await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.PingAsync(Cancellation));
    }
}
