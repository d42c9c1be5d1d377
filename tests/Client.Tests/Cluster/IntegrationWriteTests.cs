using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Writes by an integration's method through the SDK of other processes.</summary>
public class IntegrationWriteTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task After_the_acknowledgement_of_a_method_that_writes_none_of_100_readers_sees_the_old_status_though_a_refresh_was_under_way(int count)
    {
        var origin = new OrderOrigin { ["42"] = "new" };
        await using var silos = await StartAsync(count, origin);
        var (writer, readers) = (await silos.CacheAsync(), await silos.CacheAsync());
        Assert.Equal("new", await ReadAsync(readers, "42"));
        var refresh = origin.HoldReads();
        await Eventually.TrueAsync(async () => (await readers.CallAsync<string>("orders", "order", Id("42"))).Outcome == Outcome.Stale);
        await refresh.Began.WaitAsync(Eventually.Deadline);
        var (isAcknowledged, end) = (false, false);
        var reading = Enumerable.Range(0, 100).Select(reader => Task.Run(async () =>
        {
            while (!Volatile.Read(ref end))
            {
                for (var others = reader % 7; others > 0; others--)        // so that they do not all come at once
                    await readers.GetAsync<string>(CacheKey.Of("others", $"{reader}"));
                var isAfter = Volatile.Read(ref isAcknowledged);
                if (await ReadAsync(readers, "42") is var status && isAfter && status != "paid")
                    return status;
            }

            return "paid";
        })).ToArray();

        var written = await writer.WriteAsync<string, string>("orders", "pay", Id("42"), "paid");
        Volatile.Write(ref isAcknowledged, true);
        refresh.End();
        for (var read = 0; read < 100; read++)
            Assert.Equal("paid", await ReadAsync(readers, "42"));
        Volatile.Write(ref end, true);

        Assert.All(await Task.WhenAll(reading).WaitAsync(Eventually.Deadline), seen => Assert.Equal("paid", seen));
        Assert.Equal(("paid", "paid"), (written.Value, origin["42"]));
        Assert.True(written.Version > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task If_the_origin_refuses_nothing_changes_and_an_error_body_is_not_replayed(int count)
    {
        var origin = new OrderOrigin { ["42"] = "new", ["43"] = "new" };
        await using var silos = await StartAsync(count, origin);
        var cache = await silos.CacheAsync();
        var before = await cache.CallAsync<string>("orders", "order", Id("42"));
        await ReadAsync(cache, "43");
        origin.Refuses = true;

        var refused = await Assert.ThrowsAsync<IntegrationException>(() => cache.WriteAsync<string, string>("orders", "pay", Id("42"), "paid").AsTask());
        var failed = await Assert.ThrowsAsync<IntegrationException>(() => cache.WriteAsync<string, string>("orders", "fail", Id("43"), "paid").AsTask());

        Assert.Equal((409, false, true), (refused.StatusCode, refused.MayHaveHappened, failed.MayHaveHappened));
        var after = await cache.CallAsync<string>("orders", "order", Id("42"));
        Assert.Equal(("new", before.Version), (after.Value, after.Version));
        var loaded = await cache.CallAsync<string>("orders", "order", Id("43"));
        Assert.Equal(("new", Outcome.Loaded), (loaded.Value, loaded.Outcome));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_write_longer_than_a_slice_is_made_once_and_its_tags_are_raised(int count)
    {
        var origin = new OrderOrigin { ["42"] = "new" };
        await using var silos = await StartAsync(count, origin);
        var cache = await silos.CacheAsync();
        Assert.Equal("new", (await cache.GetOrCreateAsync(CacheKey.Of("lists", "new"), _ => ValueTask.FromResult("new"), new() { Tags = ["status:new"] })).Value);
        origin.WriteTakes = TimeSpan.FromSeconds(2.5);

        await cache.WriteAsync<string, string>("orders", "pay", Id("42"), "paid");

        Assert.Equal(1, origin.Writes);
        Assert.Equal("paid", await ReadAsync(cache, "42"));
        Assert.Equal(Outcome.Miss, (await cache.GetAsync<string>(CacheKey.Of("lists", "new"))).Outcome);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_client_that_is_gone_before_the_origin_answers_leaves_no_old_value_and_no_list_of_before(int count)
    {
        var origin = new OrderOrigin { ["42"] = "new" };
        await using var silos = await StartAsync(count, origin);
        var (writer, cache) = (await silos.ConnectAsync(), await silos.CacheAsync());
        var (of, all) = (CacheKey.Of("lists", "new"), CacheKey.Of("lists", "all"));
        Assert.Equal("new", await ReadAsync(cache, "42"));
        foreach (var (list, tag) in new[] { (of, "status:new"), (all, "orders") })
            Assert.Equal("42", (await cache.GetOrCreateAsync(list, _ => ValueTask.FromResult("42"), new() { Tags = [tag] })).Value);
        var written = origin.HoldWrites();
        foreach (var method in new[] { "pay", "add" })
            _ = writer.Services.GetRequiredService<IOrleansCache>().WriteAsync<string, string>("orders", method, Id("42"), "paid").AsTask();
        await Eventually.TrueAsync(() => origin.Writes == 2);

        await writer.StopAsync();
        written.SetResult();

        await Eventually.TrueAsync(async () => (await cache.GetAsync<string>(of)).Outcome == Outcome.Miss && (await cache.GetAsync<string>(all)).Outcome == Outcome.Miss);
        Assert.Equal("paid", await ReadAsync(cache, "42"));
    }

    private static Task<Silos> StartAsync(int count, OrderOrigin origin) => Silos.StartAsync(
        count,
        builder => builder.Services.AddIntegration("orders", _ => origin, options =>
        {
            options.Retry = new() { MaxRetryAttempts = 0 };
            options.Methods["order"] = new() { Parameters = ["id"], Strategy = Strategy.Background, FreshFor = TimeSpan.FromMilliseconds(1), StaleFor = TimeSpan.FromHours(1) };
            options.Methods["pay"] = new() { Parameters = ["id"], Writes = "order", Invalidates = ["status:new"] };
            options.Methods["add"] = new() { Parameters = ["id"], Invalidates = ["orders"] };
            options.Methods["fail"] = new() { Parameters = ["id"], Writes = "order" };
        }));

    private static Dictionary<string, string?> Id(string id) => new() { ["id"] = id };

    private static async Task<string?> ReadAsync(IOrleansCache cache, string id) => (await cache.CallAsync<string>("orders", "order", Id(id))).Value;

    /// <summary>Statuses by order, all silos' own origin.</summary>
    private sealed class OrderOrigin : ConcurrentDictionary<string, string>, IIntegration
    {
        private volatile HeldRead? _held;
        private int _writes;

        public bool Refuses { get; set; }
        public TimeSpan WriteTakes { get; set; }
        public int Writes => _writes;

        private Task _mayWrite = Task.CompletedTask;

        /// <summary>Writes wait for this.</summary>
        public TaskCompletionSource HoldWrites()
        {
            var held = new TaskCompletionSource();
            _mayWrite = held.Task;
            return held;
        }

        public HeldRead HoldReads() => _held = new();

        public async ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken)
        {
            var id = request.Arguments["id"]!;
            if (request.Method == "order")
            {
                var status = this[id];
                if (_held is { } held)
                    await held.WaitAsync();
                return Text(status);
            }

            if (request.Method == "fail")
                return IntegrationResponse.Failed("The origin fell over.");
            if (Refuses)
                return IntegrationResponse.Refused(409, "closed"u8.ToArray(), "text/plain");
            Interlocked.Increment(ref _writes);
            await _mayWrite;
            if (WriteTakes > TimeSpan.Zero)
            {
                var begin = TimeProvider.System.GetTimestamp();
                await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(begin) > WriteTakes, cancellationToken: cancellationToken);
            }

            return Text(this[id] = System.Text.Encoding.UTF8.GetString(request.Body!.Value.Span));
        }

        private static IntegrationResponse Text(string status) => IntegrationResponse.Value(System.Text.Encoding.UTF8.GetBytes(status), "text/plain");
    }

    /// <summary>A read of the origin that has the old status, and does not end until told.</summary>
    private sealed class HeldRead
    {
        private readonly TaskCompletionSource _began = new();
        private readonly TaskCompletionSource _end = new();

        public Task Began => _began.Task;

        public void End() => _end.TrySetResult();

        public Task WaitAsync()
        {
            _began.TrySetResult();
            return _end.Task;
        }
    }
}
