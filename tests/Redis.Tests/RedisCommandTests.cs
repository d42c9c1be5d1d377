using System.Globalization;
using System.Text;

namespace OrleansCache.Redis;

public class RedisCommandTests : RedisTest
{
    [Fact]
    public async Task Keys_and_values_are_bytes()
    {
        var client = await ConnectAsync();
        byte[] key = [0, 13, 10, 255, (byte)'*'];
        var value = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();

        await client.SetAsync(key, value, cancellationToken: Cancellation);
        await client.SetAsync("ключ", "", cancellationToken: Cancellation);

        Assert.Equal(value, await client.GetAsync(key, Cancellation));
        Assert.Empty((await client.GetAsync(new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes("ключ")), Cancellation))!);
        Assert.Null(await client.GetAsync("absent", Cancellation));
    }

    [Fact]
    public async Task Integers_are_sent_in_decimal()
    {
        var client = await ConnectAsync();

        await client.SetAsync("n", long.MinValue, cancellationToken: Cancellation);

        Assert.Equal(long.MinValue.ToString(CultureInfo.InvariantCulture), await TextAsync(client, "n"));
        Assert.Equal(long.MinValue + 7, (await client.ExecuteAsync(["INCRBY", "n", 7], Cancellation)).AsInt64());
    }

    [Fact]
    public async Task A_lifetime_is_set_in_milliseconds_and_is_at_least_one()
    {
        var client = await ConnectAsync();

        await client.SetAsync("k", "v", TimeSpan.FromMinutes(1), Cancellation);

        Assert.InRange((await client.ExecuteAsync(["PTTL", "k"], Cancellation)).AsInt64(), 30_000, 60_000);
        var exception = await Assert.ThrowsAsync<RedisServerException>(async () => await client.SetAsync("k", "v", TimeSpan.Zero, Cancellation));
        Assert.Contains("invalid expire time", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_thousand_concurrent_commands_each_get_their_own_answer()
    {
        var client = await ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 10_000).Select(i => Task.Run(async () =>
        {
            var (key, value) = ($"key:{i}", $"value of {i}");
            await client.SetAsync(key, value, cancellationToken: Cancellation);
            Assert.Equal(value, await TextAsync(client, key));
            Assert.Equal(i, (await client.ExecuteAsync(["ECHO", i], Cancellation)).AsInt64());
        }, Cancellation)));

        Assert.Equal(0, client.Outstanding);
    }

    [Fact]
    public async Task Values_of_8_MiB_pass_beside_small_ones()
    {
        var client = await ConnectAsync();
        var big = new byte[8 << 20];
        new Random(1).NextBytes(big);

        var writes = Enumerable.Range(0, 4).Select(i => client.SetAsync($"big:{i}", big, cancellationToken: Cancellation).AsTask());
        await Task.WhenAll([.. writes, client.SetAsync("small", "s", cancellationToken: Cancellation).AsTask()]);
        var reads = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => client.GetAsync($"big:{i}", Cancellation).AsTask()));

        Assert.All(reads, read => Assert.True(big.AsSpan().SequenceEqual(read)));
        Assert.Equal("s", await TextAsync(client, "small"));
    }

    [Fact]
    public async Task Nested_replies_of_every_type_are_read()
    {
        var client = await ConnectAsync();

        async Task<RedisReply> AskAsync(string type) => await client.ExecuteAsync(["DEBUG", "PROTOCOL", type], Cancellation);

        Assert.Equal(1, (await AskAsync("true")).AsInt64());
        Assert.True((await AskAsync("null")).IsNull);
        Assert.Equal("3.141", (await AskAsync("double")).AsString());
        Assert.Equal("1234567999999999999999999999999999999", (await AskAsync("bignum")).AsString());
        Assert.Equal("This is a verbatim\nstring", (await AskAsync("verbatim")).AsString());
        Assert.Equal(3, (await AskAsync("set")).Items.Length);
        var map = await AskAsync("map");
        Assert.Equal(6, map.Items.Length);
        Assert.Equal("Some real reply following the attribute", (await AskAsync("attrib")).AsString());
        Assert.Throws<InvalidOperationException>(() => map.AsInt64());
    }

    [Fact]
    public async Task Errors_of_the_server_carry_their_code_and_leave_the_connection_usable()
    {
        var client = await ConnectAsync();
        await client.ExecuteAsync(["LPUSH", "list", "x"], Cancellation);

        var exception = await Assert.ThrowsAsync<RedisServerException>(async () => await client.GetAsync("list", Cancellation));

        Assert.Equal("WRONGTYPE", exception.Code);
        await client.PingAsync(Cancellation);
    }

    [Fact]
    public async Task A_server_without_memory_says_so()
    {
        var client = await ConnectAsync();
        await client.ExecuteAsync(["CONFIG", "SET", "maxmemory", "1"], Cancellation);

        var exception = await Assert.ThrowsAsync<RedisServerException>(async () => await client.SetAsync("k", "v", cancellationToken: Cancellation));

        Assert.Equal("OOM", exception.Code);
    }

    [Fact]
    public async Task Scripts_run_by_their_SHA_and_come_back_after_a_flush()
    {
        var client = await ConnectAsync();
        var script = new RedisScript("redis.call('SET', KEYS[1], ARGV[1]); return {KEYS[1], ARGV[2], redis.call('GET', KEYS[1])}");

        for (var round = 0; round < 3; round++)
        {
            var reply = await client.EvalAsync(script, ["k"], ["v", round], Cancellation);
            Assert.Equal(["k", $"{round}", "v"], reply.Items.ToArray().Select(item => item.AsString()));
            if (round == 1)
                await client.ExecuteAsync(["SCRIPT", "FLUSH"], Cancellation);
        }

        var info = await client.InfoAsync("commandstats", Cancellation);
        Assert.Contains("cmdstat_evalsha:calls=3", info, StringComparison.Ordinal);
        Assert.Contains("cmdstat_eval:calls=2", info, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_a_script_is_not_taken_for_a_missing_script()
    {
        var client = await ConnectAsync();

        var exception = await Assert.ThrowsAsync<RedisServerException>(
            async () => await client.EvalAsync(new RedisScript("return redis.error_reply('STALE epoch')"), [], [], Cancellation));

        Assert.Equal("STALE", exception.Code);
    }

    [Fact]
    public void A_script_knows_its_SHA() => Assert.Equal("e0e1f9fabfc9d4800c877a703b823ac0578ff8db", new RedisScript("return 1").Sha);

    [Fact]
    public async Task The_servers_time_is_in_microseconds()
    {
        var client = await ConnectAsync();
        var now = TimeProvider.System.GetUtcNow();

        var time = DateTimeOffset.UnixEpoch.AddMicroseconds(await client.TimeAsync(Cancellation));

        Assert.InRange(time, now.AddMinutes(-1), now.AddMinutes(1));
    }

    [Fact]
    public async Task Databases_are_apart()
    {
        var (zero, three) = (await ConnectAsync(), await ConnectAsync("defaultDatabase=3,name=silo-1"));

        await three.SetAsync("k", "of 3", cancellationToken: Cancellation);

        Assert.Null(await zero.GetAsync("k", Cancellation));
        Assert.Equal("of 3", await TextAsync(three, "k"));
        Assert.Equal("silo-1", (await three.ExecuteAsync(["CLIENT", "GETNAME"], Cancellation)).AsString());
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_an_error_at_start()
    {
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync("defaultDatabase=99"));

        Assert.Contains("DB index is out of range", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_connection_usable()
    {
        var client = await ConnectAsync();
        using var cancel = new CancellationTokenSource();
        await Server.PauseAsync();
        var waiting = client.SetAsync("k", "v", cancellationToken: cancel.Token).AsTask();
        var other = client.PingAsync(Cancellation).AsTask();

        await cancel.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Server.ResumeAsync();

        Assert.Equal(cancel.Token, exception.CancellationToken);
        await other;
        Assert.Equal("v", await TextAsync(client, "k"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.GetAsync("k", cancel.Token));
    }

    [Fact]
    public async Task A_token_of_a_command_that_is_done_ends_no_other()
    {
        var client = await ConnectAsync();
        using var cancel = new CancellationTokenSource();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => client.PingAsync(cancel.Token).AsTask()));
        await Server.PauseAsync();
        var others = Enumerable.Range(0, 2_000).Select(_ => client.PingAsync(CancellationToken.None).AsTask()).ToArray();

        await cancel.CancelAsync();
        await Server.ResumeAsync();

        await Task.WhenAll(others);
    }
}
