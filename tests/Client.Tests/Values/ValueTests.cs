using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.Fakes;

namespace OrleansCache.Values;

public partial class ValueTests
{
    private static readonly CacheKey Key = FakeCluster.Key;

    [Fact]
    public async Task Objects_are_json_of_the_web_kind()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.SetAsync(Key, new Order(7, "Ada"));

        Assert.Equal("""{"id":7,"customerName":"Ada"}""", Encoding.UTF8.GetString(cluster.Entry.Value!.Bytes));
        Assert.Equal("application/json", cluster.Entry.Value.ContentType);
        Assert.Equal(new Order(7, "Ada"), (await cluster.Cache.GetAsync<Order>(Key)).Value);
    }

    [Fact]
    public async Task Text_is_utf8()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.SetAsync(Key, "zażółć \"🗝\"");

        Assert.Equal("zażółć \"🗝\""u8.ToArray(), cluster.Entry.Value!.Bytes);
        Assert.Equal("text/plain; charset=utf-8", cluster.Entry.Value.ContentType);
        Assert.Equal("zażółć \"🗝\"", (await cluster.Cache.GetAsync<string>(Key)).Value);
    }

    [Fact]
    public async Task Bytes_stay_as_they_are_and_the_callers_array_stays_its_own()
    {
        await using var cluster = new FakeCluster();
        byte[] mine = [1, 2, 3];
        await cluster.Cache.SetAsync(Key, mine);
        mine[0] = 9;

        var read = (await cluster.Cache.GetAsync<byte[]>(Key)).Value!;
        read[1] = 9;

        Assert.Equal([1, 2, 3], (await cluster.Cache.GetAsync<byte[]>(Key)).Value!);
        Assert.Equal([1, 2, 3], (await cluster.Cache.GetAsync<ReadOnlyMemory<byte>>(Key)).Value.ToArray());
        Assert.Null(cluster.Entry.Value!.ContentType);
    }

    [Fact]
    public async Task Bytes_from_another_process_are_copied_for_those_only_who_share_them()
    {
        await using var cluster = new FakeCluster(s => s.AddSingleton(new ClientConnection("cache", NamesRedis: false)));
        byte[] bytes = [1, 2, 3];
        var reply = new ReadReply { Status = ReadStatus.Hit, Value = new() { Bytes = bytes } };
        cluster.Entry.OnRead = _ => new(reply);

        Assert.Same(bytes, (await cluster.Cache.GetAsync<byte[]>(Key)).Value);

        var gate = new TaskCompletionSource<ReadReply>();
        cluster.Entry.OnRead = _ => new(gate.Task);
        Task<CacheResult<byte[]>>[] readers = [cluster.Cache.GetAsync<byte[]>(Key).AsTask(), cluster.Cache.GetAsync<byte[]>(Key).AsTask()];
        gate.SetResult(reply);
        var read = (await Task.WhenAll(readers)).Select(r => r.Value!).ToArray();

        Assert.All(read, value => Assert.NotSame(bytes, value));
        Assert.NotSame(read[0], read[1]);
    }

    [Fact]
    public async Task The_array_of_a_factory_stays_its_own_too()
    {
        await using var cluster = new FakeCluster();
        byte[] mine = [1, 2, 3];
        await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<byte[]>(mine));
        mine[0] = 9;

        Assert.Equal([1, 2, 3], (await cluster.Cache.GetAsync<byte[]>(Key)).Value!);
    }

    [Fact]
    public async Task A_null_that_was_written_is_read_as_null_by_any_type()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.SetAsync<string?>(Key, null);

        Assert.Equal((null, Outcome.Hit), await cluster.Cache.GetAsync<string>(Key) is var s ? (s.Value, s.Outcome) : default);
        Assert.Equal((null, Outcome.Hit), await cluster.Cache.GetAsync<Order>(Key) is var o ? (o.Value, o.Outcome) : default);
        Assert.Equal(0, (await cluster.Cache.GetAsync<int>(Key)).Value);
    }

    [Fact]
    public async Task A_value_of_another_type_is_an_error_that_names_type_and_region()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.Value = FakeEntry.Json("\"text\"");

        var e = await Assert.ThrowsAsync<CacheSerializationException>(() => cluster.Cache.GetAsync<Order>(Key).AsTask());

        Assert.Contains(nameof(Order), e.Message, StringComparison.Ordinal);
        Assert.Contains("'r'", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("'k'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_in_an_encoding_is_not_taken_for_plain()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.Value = FakeEntry.Json("1") with { Encoding = "br" };

        Assert.Contains("'br'", (await Assert.ThrowsAsync<CacheSerializationException>(() => cluster.Cache.GetAsync<int>(Key).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_over_the_limit_is_refused_with_size_and_limit()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.SetAsync(Key, new byte[ValueCodecs.MaxBytes]);
        var e = await Assert.ThrowsAsync<ArgumentException>(() => cluster.Cache.SetAsync(Key, new byte[ValueCodecs.MaxBytes + 1]).AsTask());

        Assert.Contains("8388609", e.Message, StringComparison.Ordinal);
        Assert.Contains("8388608", e.Message, StringComparison.Ordinal);
        Assert.Single(cluster.Entry.Writes);
    }

    [Fact]
    public async Task A_serializer_of_the_application_comes_first()
    {
        await using var cluster = new FakeCluster(s => s.AddSingleton<IHybridCacheSerializer<Order>, OrderSerializer>());

        await cluster.Cache.SetAsync(Key, new Order(7, "Ada"));

        Assert.Equal("7|Ada", Encoding.UTF8.GetString(cluster.Entry.Value!.Bytes));
        Assert.Null(cluster.Entry.Value.ContentType);
        Assert.Equal(new Order(7, "Ada"), (await cluster.Cache.GetAsync<Order>(Key)).Value);
    }

    [Fact]
    public async Task A_serializer_factory_comes_next_and_the_last_registered_wins()
    {
        await using var cluster = new FakeCluster(s => s.AddSingleton<IHybridCacheSerializerFactory>(new Factory(false)).AddSingleton<IHybridCacheSerializerFactory>(new Factory(true)).AddSingleton<IHybridCacheSerializerFactory>(new Factory(false)));

        await cluster.Cache.SetAsync(Key, new Order(7, "Ada"));
        await cluster.Cache.SetAsync(CacheKey.Of("r", "text"), "text");

        Assert.Equal("7|Ada", Encoding.UTF8.GetString(cluster.Entry.Value!.Bytes));
        Assert.Equal("text", Encoding.UTF8.GetString(cluster.EntryOf(CacheKey.Of("r", "text")).Value!.Bytes));
    }

    [Fact]
    public async Task Json_may_be_of_generated_contexts_alone()
    {
        await using var cluster = new FakeCluster(s => s.Configure<OrleansCacheClientOptions>(o => o.Json = new(JsonSerializerDefaults.Web) { TypeInfoResolver = Context.Default }));

        await cluster.Cache.SetAsync(Key, new Order(7, "Ada"));

        Assert.Equal(new Order(7, "Ada"), (await cluster.Cache.GetAsync<Order>(Key)).Value);
        await Assert.ThrowsAsync<NotSupportedException>(() => cluster.Cache.SetAsync(Key, new Uri("http://a")).AsTask());
    }

    [Fact]
    public async Task Instants_are_the_owners()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.Value = FakeEntry.Json("1", 5);

        var result = await cluster.Cache.GetAsync<int>(Key);

        Assert.Equal((5, DateTimeOffset.UnixEpoch.AddSeconds(1), DateTimeOffset.UnixEpoch.AddSeconds(2)), (result.Version, result.LastRetrieved, result.LastModified));
        Assert.Equal(default, default(CacheResult<int>).Outcome);
        Assert.False(default(CacheResult<int>).HasValue);
    }

    public sealed record Order(int Id, string CustomerName);

    [JsonSerializable(typeof(Order))]
    private sealed partial class Context : JsonSerializerContext;

    private sealed class OrderSerializer : IHybridCacheSerializer<Order>
    {
        public Order Deserialize(ReadOnlySequence<byte> source)
        {
            var parts = Encoding.UTF8.GetString(source).Split('|');
            return new(int.Parse(parts[0], null), parts[1]);
        }

        public void Serialize(Order value, IBufferWriter<byte> target) => target.Write(Encoding.UTF8.GetBytes($"{value.Id}|{value.CustomerName}"));
    }

    private sealed class Factory(bool knows) : IHybridCacheSerializerFactory
    {
        public bool TryCreateSerializer<T>([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IHybridCacheSerializer<T>? serializer)
        {
            serializer = knows && typeof(T) == typeof(Order) ? (IHybridCacheSerializer<T>)(object)new OrderSerializer() : null;
            return serializer is not null;
        }
    }
}
