using System.Net;

namespace OrleansCache.Samples;

public sealed class OrdersTests
{
    [Fact]
    public async Task The_same_orders_are_there_after_each_start()
    {
        await using var one = await Origin.StartAsync();
        await using var other = await Origin.StartAsync();

        var orders = await one.JsonAsync("/orders");

        Assert.Equal(Orders.Seeded, orders.GetArrayLength());
        Assert.Equal(orders.GetRawText(), (await other.JsonAsync("/orders")).GetRawText());
    }

    [Fact]
    public async Task Each_order_is_listed_under_its_status_alone()
    {
        await using var origin = await Origin.StartAsync();
        var listed = 0;

        foreach (var status in Order.Statuses)
        {
            var orders = await origin.JsonAsync($"/orders?status={status}");
            Assert.True(orders.GetArrayLength() > 100);
            Assert.All(orders.EnumerateArray(), order => Assert.Equal(status, order.GetProperty("status").GetString()));
            listed += orders.GetArrayLength();
        }

        Assert.Equal(Orders.Seeded, listed);
    }

    [Fact]
    public async Task A_write_shows_in_the_order_its_version_and_the_lists()
    {
        await using var origin = await Origin.StartAsync();
        var before = await origin.JsonAsync("/orders/7");
        var status = before.GetProperty("status").GetString() == "packed" ? "shipped" : "packed";

        using var written = await origin.SendAsync(HttpMethod.Put, "/orders/7", $$"""{"status":"{{status}}"}""");

        var after = await origin.JsonAsync("/orders/7");
        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        Assert.Equal("\"2\"", written.Headers.ETag!.Tag);
        Assert.Equal(status, after.GetProperty("status").GetString());
        Assert.Equal(2, after.GetProperty("version").GetInt64());
        Assert.Equal("2026-01-01T12:00:00.000000Z", after.GetProperty("lastModified").GetString());
        Assert.Equal(before.GetProperty("lines").GetRawText(), after.GetProperty("lines").GetRawText());
        Assert.Contains("7", (await origin.JsonAsync($"/orders?status={status}")).EnumerateArray().Select(order => order.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task An_order_written_back_unchanged_keeps_its_version()
    {
        await using var origin = await Origin.StartAsync();
        var order = await origin.JsonAsync("/orders/7");

        using var written = await origin.SendAsync(HttpMethod.Put, "/orders/7", order.GetRawText());

        Assert.Equal(order.GetRawText(), (await Origin.JsonAsync(written)).GetRawText());
    }

    [Fact]
    public async Task A_write_to_an_unknown_id_creates_the_order()
    {
        await using var origin = await Origin.StartAsync();

        using var created = await origin.SendAsync(
            HttpMethod.Put, "/orders/mine-1", """{"status":"new","user":"Zoë","lines":[{"sku":"A","quantity":3,"unitPrice":1.25}]}""");

        var order = await origin.JsonAsync("/orders/mine-1");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(3.75m, order.GetProperty("total").GetDecimal());
        Assert.Equal("Zoë", order.GetProperty("user").GetString());
    }

    [Fact]
    public async Task A_condition_that_does_not_hold_writes_nothing()
    {
        await using var origin = await Origin.StartAsync();
        var before = (await origin.JsonAsync("/orders/7")).GetRawText();

        using var stale = await origin.SendAsync(HttpMethod.Put, "/orders/7", """{"status":"paid"}""", ("If-Match", "\"99\""));
        using var taken = await origin.SendAsync(HttpMethod.Put, "/orders/7", """{"status":"paid"}""", ("If-None-Match", "*"));
        using var absent = await origin.SendAsync(HttpMethod.Put, "/orders/none", """{"status":"paid"}""", ("If-Match", "*"));

        Assert.All([stale, taken, absent], response => Assert.Equal(HttpStatusCode.PreconditionFailed, response.StatusCode));
        Assert.Equal(before, (await origin.JsonAsync("/orders/7")).GetRawText());
    }

    [Theory]
    [InlineData("""{"status":"lost"}""", "status is \"lost\"; give one of new, paid, packed, shipped, delivered, cancelled")]
    [InlineData("""{"status":5}""", "status is \"5\"")]
    [InlineData("{}", "status is missing")]
    [InlineData("[]", "body is \"[]\"")]
    [InlineData("""{"status":""", "body is \"not JSON\"")]
    [InlineData("", "body is \"not JSON\"")]
    [InlineData("""{"status":"new","user":""}""", "user is \"\"")]
    [InlineData("""{"status":"new","lines":{}}""", "lines is \"Object\"")]
    [InlineData("""{"status":"new","lines":[{"sku":"A","quantity":0,"unitPrice":1}]}""", "lines[0] is")]
    public async Task A_wrong_body_is_refused_by_field_and_value_and_writes_nothing(string body, string expected)
    {
        await using var origin = await Origin.StartAsync();
        var before = (await origin.JsonAsync("/orders/7")).GetRawText();

        using var response = await origin.SendAsync(HttpMethod.Put, "/orders/7", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(expected, (await Origin.JsonAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, (await origin.JsonAsync("/orders/7")).GetRawText());
    }

    [Fact]
    public async Task A_body_over_64_KiB_is_413()
    {
        await using var origin = await Origin.StartAsync();

        using var response = await origin.SendAsync(HttpMethod.Put, "/orders/7", new string(' ', 70_000));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task An_unknown_status_cannot_be_listed()
    {
        await using var origin = await Origin.StartAsync();

        using var response = await origin.GetAsync("/orders?status=lost");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
