using System.Net;

namespace OrleansCache.Cluster;

/// <summary>Writes over HTTP to an integration's method, through any of the silos.</summary>
public sealed class GatewayWriteTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task After_the_acknowledgement_none_of_100_readers_over_HTTP_sees_the_old_status_though_a_refresh_was_under_way(int silos)
    {
        await using var origin = await OrderOrigin.StartAsync();
        origin["42"] = "new";
        await using var cluster = await ClusterProcess.StartAsync(silos, origin.Settings("00:00:00.001"));
        using var http = new HttpClient();
        await ReadAsync(http, cluster.Silos[0]);
        origin.HoldReads();
        await Eventually.TrueAsync(async () => await ReadAsync(http, cluster.Silos[^1]) == "new" && origin.Waiting > 0, cancellationToken: Ct);
        var (isAcknowledged, end) = (false, false);
        var reading = Enumerable.Range(0, 100).Select(reader => Task.Run(async () =>
        {
            while (!Volatile.Read(ref end))
            {
                var isAfter = Volatile.Read(ref isAcknowledged);
                if (await ReadAsync(http, cluster.Silos[reader % silos]) is var status && isAfter && status != "paid")
                    return status;
            }

            return "paid";
        })).ToArray();

        using var written = await WriteAsync(http, cluster.Silos[^1], "paid");
        Volatile.Write(ref isAcknowledged, true);
        origin.EndReads();
        for (var read = 0; read < 100; read++)
            Assert.Equal("paid", await ReadAsync(http, cluster.Silos[read % silos]));
        Volatile.Write(ref end, true);

        Assert.All(await Task.WhenAll(reading), seen => Assert.Equal("paid", seen));
        Assert.Equal((HttpStatusCode.OK, "paid", "OrleansCache; fwd=method; stored"), (written.StatusCode, await written.Content.ReadAsStringAsync(Ct), string.Join(',', written.Headers.GetValues("Cache-Status"))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task If_the_origin_refuses_its_words_come_back_and_nothing_changes(int silos)
    {
        await using var origin = await OrderOrigin.StartAsync();
        origin["42"] = "new";
        await using var cluster = await ClusterProcess.StartAsync(silos, origin.Settings("01:00:00"));
        using var http = new HttpClient();
        using var before = await http.GetAsync(AddressOf(cluster.Silos[0], "order"), Ct);
        origin["42"] = "seen by nobody";

        using var written = await WriteAsync(http, cluster.Silos[^1], OrderOrigin.Refused);

        Assert.Equal((HttpStatusCode.Conflict, "The order is closed."), (written.StatusCode, await written.Content.ReadAsStringAsync(Ct)));
        foreach (var silo in cluster.Silos)
        {
            using var after = await http.GetAsync(AddressOf(silo, "order"), Ct);
            Assert.Equal((before.Headers.ETag, "new"), (after.Headers.ETag, await after.Content.ReadAsStringAsync(Ct)));
        }
    }

    [Fact]
    public async Task A_silo_that_is_killed_when_the_origin_has_its_write_leaves_no_old_value_and_no_list_of_before()
    {
        await using var origin = await OrderOrigin.StartAsync();
        origin["42"] = "new";
        await using var cluster = await ClusterProcess.StartAsync(3, origin.Settings("01:00:00"));
        using var http = new HttpClient();
        var (writer, other) = (cluster.Silos[0], cluster.Silos[1]);
        Assert.Equal("new", await ReadAsync(http, other));
        var list = new Uri($"http://127.0.0.1:{other.Port}/api/v1/entries/lists/new");
        using var content = new StringContent("42");
        content.Headers.Add("Cache-Tag", "orders");
        using var put = await http.PutAsync(list, content, Ct);
        Assert.True(put.IsSuccessStatusCode, $"{put.StatusCode}");
        origin.IsMuteOnWrites = true;

        var write = WriteAsync(http, writer, "paid");
        await Eventually.TrueAsync(() => origin["42"] == "paid", cancellationToken: Ct);
        await writer.KillAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => write);
        await Eventually.TrueAsync(
            async () =>
            {
                using var order = await http.GetAsync(AddressOf(other, "order"), Ct);
                using var old = await http.GetAsync(list, Ct);
                return old.StatusCode == HttpStatusCode.NotFound && order.IsSuccessStatusCode && await order.Content.ReadAsStringAsync(Ct) == "paid";
            },
            cancellationToken: Ct);
    }

    private static Task<HttpResponseMessage> WriteAsync(HttpClient http, SiloNode silo, string status) => http.PutAsync(AddressOf(silo, "setOrder"), new StringContent(status), Ct);

    private static Task<string> ReadAsync(HttpClient http, SiloNode silo) => http.GetStringAsync(AddressOf(silo, "order"), Ct);

    private static Uri AddressOf(SiloNode silo, string method) => new($"http://127.0.0.1:{silo.Port}/orders/{method}?id=42");
}
