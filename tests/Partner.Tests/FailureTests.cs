using System.Net;
using OrleansCache.TestSupport;

namespace OrleansCache.Samples;

public sealed class FailureTests
{
    [Fact]
    public async Task A_status_is_answered_until_the_switch_is_off()
    {
        await using var origin = await Origin.StartAsync(limit: 1);
        using var on = await origin.SendAsync(HttpMethod.Post, "/failure?status=503&retryAfter=7");

        for (var call = 0; call < 3; call++)
        {
            using var failed = await origin.GetAsync("/countries/NL");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(7), failed.Headers.RetryAfter?.Delta);
        }

        using var off = await origin.SendAsync(HttpMethod.Delete, "/failure");
        using var well = await origin.GetAsync("/countries/NL");
        Assert.Equal(HttpStatusCode.OK, well.StatusCode);
        Assert.Equal(4, (await origin.JsonAsync("/calls")).GetProperty("/countries/NL").GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task A_counted_failure_ends_by_itself()
    {
        await using var origin = await Origin.StartAsync();
        using var on = await origin.SendAsync(HttpMethod.Post, "/failure?status=500&count=2");

        var statuses = new List<int>();
        for (var call = 0; call < 3; call++)
        {
            using var response = await origin.GetAsync("/countries/NL");
            statuses.Add((int)response.StatusCode);
        }

        Assert.Equal([500, 500, 200], statuses);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public async Task A_reset_breaks_the_connection(int delayMs)
    {
        await using var origin = await Origin.StartAsync(delayMs);
        using var on = await origin.SendAsync(HttpMethod.Post, "/failure?status=reset");
        Assert.Equal(HttpStatusCode.OK, on.StatusCode);

        var call = origin.GetAsync("/countries/NL");
        await Eventually.TrueAsync(() => delayMs == 0 || origin.Time.ActiveTimers == 1, cancellationToken: TestContext.Current.CancellationToken);
        origin.Time.Advance(TimeSpan.FromMilliseconds(delayMs));

        await Assert.ThrowsAsync<HttpRequestException>(() => call);
    }

    [Fact]
    public async Task A_hanging_call_is_never_answered_and_counted()
    {
        await using var origin = await Origin.StartAsync();
        using var on = await origin.SendAsync(HttpMethod.Post, "/failure?status=hang&count=1");
        using var leaving = new CancellationTokenSource();

        var hanging = origin.Http.GetAsync("/countries/NL", leaving.Token);
        await Eventually.TrueAsync(
            async () => (await origin.JsonAsync("/calls")).TryGetProperty("/countries/NL", out _), cancellationToken: TestContext.Current.CancellationToken);
        origin.Time.Advance(TimeSpan.FromDays(1));
        using var next = await origin.GetAsync("/countries/NL");

        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        Assert.False(hanging.IsCompleted);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Theory]
    [InlineData("", "status is missing")]
    [InlineData("?status=200", "status is \"200\"")]
    [InlineData("?status=600", "status is \"600\"")]
    [InlineData("?status=slow", "status is \"slow\"")]
    [InlineData("?status=503&count=0", "count is \"0\"")]
    [InlineData("?status=503&retryAfter=soon", "retryAfter is \"soon\"")]
    [InlineData("?status=hang&retryAfter=1", "retryAfter is \"1\"")]
    [InlineData("?status=503&retry=1", "retry is \"1\"")]
    [InlineData("?status=503&status=504", "status is \"503,504\"")]
    public async Task A_wrong_failure_is_refused_by_field_and_value_and_changes_nothing(string query, string expected)
    {
        await using var origin = await Origin.StartAsync();

        using var response = await origin.SendAsync(HttpMethod.Post, "/failure" + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(expected, (await Origin.JsonAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("off", (await origin.JsonAsync("/failure")).GetProperty("status").GetString());
    }
}
