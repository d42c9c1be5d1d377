using System.Net;
using OrleansCache.TestSupport;

namespace OrleansCache.Samples;

public sealed class CallsTests
{
    [Fact]
    public async Task A_call_takes_the_delay_and_is_counted_when_it_arrives()
    {
        await using var origin = await Origin.StartAsync(delayMs: 300);

        var call = origin.GetAsync("/countries/NL");
        await Eventually.TrueAsync(() => origin.Time.ActiveTimers == 1, cancellationToken: TestContext.Current.CancellationToken);
        origin.Time.Advance(TimeSpan.FromMilliseconds(299));

        Assert.False(call.IsCompleted);
        Assert.Equal(1, (await origin.JsonAsync("/calls")).GetProperty("/countries/NL").GetProperty("count").GetInt32());

        origin.Time.Advance(TimeSpan.FromMilliseconds(1));
        using var response = await call;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task The_call_past_the_limit_gets_429_with_Retry_After_and_is_counted()
    {
        await using var origin = await Origin.StartAsync(limit: 10);
        for (var call = 0; call < 10; call++)
            (await origin.GetAsync("/countries/NL")).Dispose();

        using var refused = await origin.GetAsync("/countries/NL");
        origin.Time.Advance(TimeSpan.FromMilliseconds(900));
        using var granted = await origin.GetAsync("/countries/NL");

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Equal(HttpStatusCode.OK, granted.StatusCode);
        Assert.Equal(12, (await origin.JsonAsync("/calls")).GetProperty("/countries/NL").GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task A_refused_call_does_not_wait_for_the_delay()
    {
        await using var origin = await Origin.StartAsync(delayMs: 300, limit: 1);
        var slow = origin.GetAsync("/countries/NL");
        await Eventually.TrueAsync(() => origin.Time.ActiveTimers == 1, cancellationToken: TestContext.Current.CancellationToken);

        using var refused = await origin.GetAsync("/countries/NL");

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        origin.Time.Advance(TimeSpan.FromMilliseconds(300));
        (await slow).Dispose();
    }

    [Fact]
    public async Task Instants_have_microseconds_and_follow_the_monotonic_clock()
    {
        await using var origin = await Origin.StartAsync();
        (await origin.GetAsync("/countries/NL")).Dispose();
        origin.Time.ShiftWallClock(TimeSpan.FromHours(-1));
        origin.Time.Advance(TimeSpan.FromMicroseconds(1_500_001));
        (await origin.GetAsync("/countries/NL")).Dispose();

        var times = (await origin.JsonAsync("/calls")).GetProperty("/countries/NL").GetProperty("times");

        Assert.Equal(["2026-01-01T12:00:00.000000Z", "2026-01-01T12:00:01.500001Z"], times.EnumerateArray().Select(time => time.GetString()));
    }

    [Fact]
    public async Task Calls_are_counted_by_decoded_path_and_a_list_by_its_query_as_sent()
    {
        await using var origin = await Origin.StartAsync();

        foreach (var path in new[] { "/timezones/Europe%2FAmsterdam", "/timezones/Europe/Amsterdam", "/%63ountries/NL", "/orders?status=a%2Cb", "/nowhere" })
            (await origin.GetAsync(path)).Dispose();

        Assert.Equal(
            ["/countries/NL 1", "/nowhere 1", "/orders?status=a%2Cb 1", "/timezones/Europe/Amsterdam 2"],
            (await origin.JsonAsync("/calls")).EnumerateObject().Select(path => $"{path.Name} {path.Value.GetProperty("count")}"));
    }

    [Fact]
    public async Task What_drives_the_origin_is_neither_counted_nor_delayed_nor_limited_nor_failing()
    {
        await using var origin = await Origin.StartAsync(delayMs: 300, limit: 1);
        using var failing = await origin.SendAsync(HttpMethod.Post, "/failure?status=503");

        for (var call = 0; call < 5; call++)
        {
            foreach (var path in new[] { "/calls", "/failure", "/healthz", "/Calls/" })
            {
                using var response = await origin.GetAsync(path);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }

        Assert.Equal("{}", (await origin.JsonAsync("/calls")).GetRawText());
    }

    [Fact]
    public async Task Counts_can_be_cleared()
    {
        await using var origin = await Origin.StartAsync();
        (await origin.GetAsync("/countries/NL")).Dispose();

        using var cleared = await origin.SendAsync(HttpMethod.Delete, "/calls");

        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Equal("{}", (await origin.JsonAsync("/calls")).GetRawText());
    }
}
