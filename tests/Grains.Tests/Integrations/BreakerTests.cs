using Microsoft.AspNetCore.Http;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Breakers that stop calls of an origin that fails.</summary>
public sealed class BreakerTests : DrivenOrigin
{
    [Fact]
    public async Task The_breaker_opens_tries_once_and_closes_by_itself()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness(new()
        {
            ["RateLimit:PerSecond"] = "100", ["Retry:MaxRetryAttempts"] = "0",
            ["CircuitBreaker:MinimumThroughput"] = "3", ["CircuitBreaker:FailureRatio"] = "0.5", ["CircuitBreaker:BreakDuration"] = "00:00:05",
        });
        Assert.Equal("closed", harness.Caller.DescribeBreaker("partner"));
        for (var i = 0; i < 3; i++)
            Assert.Equal("origin-503", (await harness.CallAsync()).Problem!.Detail);

        var stopped = (await harness.CallAsync()).Problem!;
        Assert.Equal((ProblemKind.BreakerOpen, "breaker-open", 5_000), (stopped.Kind, stopped.Detail, stopped.RetryAfterMilliseconds));
        Assert.Contains("last with origin-503: The origin answered 503.", stopped.Message, StringComparison.Ordinal);
        Assert.Equal("open until 2026-01-01T12:00:05.000Z", harness.Caller.DescribeBreaker("partner"));
        Assert.Equal((3, 3), (_origin.Seen.Count, harness.Grants));
        Assert.Equal(1, harness.Meters.Count("orleanscache.origin.calls", "cache.integration=partner", "origin.outcome=breaker_open"));

        _clock.Advance(TimeSpan.FromSeconds(5.001));
        Assert.Equal("half-open", harness.Caller.DescribeBreaker("partner"));
        Assert.Equal("origin-503", (await harness.CallAsync()).Problem!.Detail);
        Assert.Equal("breaker-open", (await harness.CallAsync()).Problem!.Detail);

        _origin.Answer = context => TestOrigin.Json(context, "1");
        _clock.Advance(TimeSpan.FromSeconds(5.001));
        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal("closed", harness.Caller.DescribeBreaker("partner"));
        Assert.Equal((2, 1), (harness.Logged.Count(1213), harness.Logged.Count(1215)));
    }

    [Fact]
    public async Task A_trial_whose_answer_nobody_waited_for_closes_no_breaker()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness(new()
        {
            ["Retry:MaxRetryAttempts"] = "0", ["CircuitBreaker:MinimumThroughput"] = "2",
        });
        await harness.CallAsync();
        await harness.CallAsync();
        _origin.Answer = static context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        _clock.Advance(TimeSpan.FromSeconds(6));

        using var leaving = new CancellationTokenSource();
        var trial = harness.CallAsync(leaving.Token);
        await OriginHarness.UntilAsync(() => _origin.Seen.Count == 3);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trial);
        Assert.StartsWith("open until", harness.Caller.DescribeBreaker("partner"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(400)]
    [InlineData(429)]
    public async Task Answers_of_a_healthy_origin_do_not_open_the_breaker(int status)
    {
        _origin.AnswerStatus(status);
        await using var harness = Harness(new() { ["Retry:MaxRetryAttempts"] = "0", ["CircuitBreaker:MinimumThroughput"] = "2" });

        for (var i = 0; i < 10; i++)
            await harness.CallAsync();

        Assert.Equal("closed", harness.Caller.DescribeBreaker("partner"));
    }

    [Fact]
    public async Task A_method_with_a_breaker_of_its_own_does_not_stop_the_others()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness(new()
        {
            ["Retry:MaxRetryAttempts"] = "0", ["Methods:ill:Get"] = "ill", ["Methods:ill:CircuitBreaker:MinimumThroughput"] = "2", ["Methods:ill:CircuitBreaker:BreakDuration"] = "00:01:00",
        });
        for (var i = 0; i < 3; i++)
            await harness.Caller.CallAsync(new() { Policy = harness.Policies.For("default:1.0:partner:ill"), Arguments = [] }, TestContext.Current.CancellationToken);

        Assert.Equal("closed; ill: open until 2026-01-01T12:01:00.000Z", harness.Caller.DescribeBreaker("partner"));
        Assert.Equal("origin-503", (await harness.CallAsync()).Problem!.Detail);
    }

    [Fact]
    public async Task Without_a_breaker_there_is_nothing_to_describe()
    {
        await using var harness = Harness(new() { ["CircuitBreaker:Enabled"] = "false" });

        Assert.Null(harness.Caller.DescribeBreaker("partner"));
        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
    }
}
