using System.Collections.Concurrent;
using System.Text;
using OrleansCache.TestSupport;

namespace OrleansCache.Redis;

public class RedisSubscriptionTests : RedisTest
{
    private readonly ConcurrentQueue<string> _heard = new();

    [Fact]
    public async Task Messages_arrive_in_order_beside_commands_on_the_same_connection()
    {
        var client = await ConnectAsync();
        await using var subscription = await client.SubscribeAsync("news", Hear, Cancellation);

        for (var i = 0; i < 1_000; i++)
            Assert.Equal(1, await client.PublishAsync("news", i, Cancellation));

        await Eventually.TrueAsync(() => _heard.Count == 1_000, cancellationToken: Cancellation);
        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"{i}"), _heard);
        Assert.Contains("connected_clients:1\r\n", await client.InfoAsync("clients", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscription_lives_through_a_reconnect()
    {
        var client = await ConnectAsync();
        await using var subscription = await client.SubscribeAsync("news", Hear, Cancellation);

        await Server.KillAsync();
        await Server.RestartAsync(Cancellation);
        await Eventually.TrueAsync(() => client.IsConnected, cancellationToken: Cancellation);

        Assert.Equal(1, await client.PublishAsync("news", "again", Cancellation));
        await Eventually.TrueAsync(() => _heard.SequenceEqual(["again"]), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_subscription_made_while_disconnected_is_taken_up_later()
    {
        var client = await ConnectAsync();
        await Server.KillAsync();
        await Eventually.TrueAsync(() => !client.IsConnected, cancellationToken: Cancellation);

        await using var subscription = await client.SubscribeAsync("news", Hear, Cancellation);
        await Server.RestartAsync(Cancellation);
        await Eventually.TrueAsync(() => client.IsConnected, cancellationToken: Cancellation);

        Assert.Equal(1, await client.PublishAsync("news", "at last", Cancellation));
        await Eventually.TrueAsync(() => _heard.SequenceEqual(["at last"]), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_channel_has_one_handler_until_that_leaves()
    {
        var client = await ConnectAsync();
        var first = await client.SubscribeAsync("news", _ => _heard.Enqueue("first"), Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.SubscribeAsync("news", Hear, Cancellation));

        await first.DisposeAsync();
        Assert.Equal(0, await client.PublishAsync("news", "x", Cancellation));
        await using var second = await client.SubscribeAsync("news", Hear, Cancellation);
        await first.DisposeAsync();
        Assert.Equal(1, await client.PublishAsync("news", "y", Cancellation));

        await Eventually.TrueAsync(() => _heard.SequenceEqual(["y"]), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_subscription_that_the_server_refused_leaves_the_channel_free()
    {
        var admin = await ConnectAsync();
        await admin.ExecuteAsync(["ACL", "SETUSER", "deaf", "on", ">geheim", "~*", "+@all", "resetchannels"], Cancellation);
        var client = await ConnectAsync("user=deaf,password=geheim");

        for (var attempt = 0; attempt < 2; attempt++)
            Assert.Equal("NOPERM", (await Assert.ThrowsAsync<RedisServerException>(async () => await client.SubscribeAsync("news", Hear, Cancellation))).Code);
    }

    [Fact]
    public async Task A_handler_that_throws_harms_nobody()
    {
        var client = await ConnectAsync();
        await using var bad = await client.SubscribeAsync("bad", _ => throw new InvalidOperationException("handler"), Cancellation);
        await using var good = await client.SubscribeAsync("news", Hear, Cancellation);

        await client.PublishAsync("bad", "x", Cancellation);
        await client.PublishAsync("news", "x", Cancellation);

        await Eventually.TrueAsync(() => _heard.Count == 1, cancellationToken: Cancellation);
        Assert.True(client.IsConnected);
    }

    private void Hear(ReadOnlyMemory<byte> message) => _heard.Enqueue(Encoding.UTF8.GetString(message.Span));
}
