using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>An order board: orders that events change, and lists that follow their members, through any of the silos.</summary>
public sealed class OrderBoardTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_move_between_statuses_changes_the_next_read_of_both_lists_and_reloads_no_other(int silos)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos);
        using var mine = await cluster.ConnectAsync();
        using var theirs = await cluster.ConnectAsync();
        using var http = new HttpClient();
        var orders = new OrderBook { ["1"] = "new", ["2"] = "new", ["3"] = "paid", ["4"] = "shipped" };
        foreach (var reader in new[] { mine, theirs })
        {
            Assert.Equal("1 2", await orders.ListAsync(reader.Services, "new"));
            Assert.Equal("3", await orders.ListAsync(reader.Services, "paid"));
            Assert.Equal("4", await orders.ListAsync(reader.Services, "shipped"));
        }

        orders["2"] = "paid";
        Assert.Equal("applied", await SendAsync(http, cluster.Silos[^1], sequence: 1, "2", "paid", "status:new", "status:paid"));

        foreach (var reader in new[] { theirs, mine })
        {
            Assert.Equal("1", await orders.ListAsync(reader.Services, "new"));
            Assert.Equal("2 3", await orders.ListAsync(reader.Services, "paid"));
            Assert.Equal("4", await orders.ListAsync(reader.Services, "shipped"));
        }
        Assert.Equal((2, 2, 1), (orders.Loads("new"), orders.Loads("paid"), orders.Loads("shipped")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Late_and_repeated_events_change_nothing_and_what_is_acknowledged_is_read_through_any_silo(int silos)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos);
        using var http = new HttpClient();
        var statuses = new[] { "new", "paid", "shipped" };
        foreach (var (number, status) in statuses.Index())
        {
            Assert.Equal("applied", await SendAsync(http, cluster.Silos[number % silos], sequence: 10 + number, "7", status));
            foreach (var silo in cluster.Silos)
                Assert.Equal(status, (await ReadAsync(http, silo, "7")).Status);
        }

        var (_, version) = await ReadAsync(http, cluster.Silos[0], "7");
        foreach (var silo in cluster.Silos)
            foreach (var (number, status) in statuses.Index())
                Assert.Equal("superseded", await SendAsync(http, silo, sequence: 10 + number, "7", status));

        foreach (var silo in cluster.Silos)
            Assert.Equal(("shipped", version), await ReadAsync(http, silo, "7"));
    }

    private static async Task<string?> SendAsync(HttpClient http, SiloNode silo, long sequence, string order, string status, params string[] invalidates)
    {
        var sent = new { source = "orders-db", sequence, region = "orders", key = order, value = new { id = order, status }, invalidates };
        using var answer = await http.PostAsJsonAsync($"http://127.0.0.1:{silo.Port}/api/v1/events", sent, Ct);
        return (string?)(await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>(Ct))!["status"];
    }

    private static async Task<(string? Status, string? Version)> ReadAsync(HttpClient http, SiloNode silo, string order)
    {
        using var answer = await http.GetAsync($"http://127.0.0.1:{silo.Port}/api/v1/entries/orders/{order}", Ct);
        return ((string?)(await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>(Ct))!["status"], answer.Headers.ETag?.Tag);
    }

    /// <summary>The orders' database: statuses by order, and how often each list was asked for.</summary>
    private sealed class OrderBook : ConcurrentDictionary<string, string>
    {
        private readonly ConcurrentDictionary<string, int> _loads = [];

        public int Loads(string status) => _loads[status];

        public async Task<string?> ListAsync(IServiceProvider services, string status)
        {
            var list = await services.GetRequiredService<IOrleansCache>().GetOrCreateAsync(
                CacheKey.For("orders-by-status", ("status", status)),
                _ =>
                {
                    _loads.AddOrUpdate(status, 1, static (_, count) => count + 1);
                    return ValueTask.FromResult(string.Join(' ', this.Where(o => o.Value == status).Select(o => o.Key).Order(StringComparer.Ordinal)));
                },
                new() { Tags = [$"status:{status}"] },
                Ct);
            return list.Value;
        }
    }
}
