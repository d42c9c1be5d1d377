using Microsoft.AspNetCore.Http;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>How often and how long an origin is tried, and when it asks for a pause.</summary>
public sealed class OriginRetryTests : DrivenOrigin
{
    [Fact]
    public async Task Retries_are_spaced_as_configured_and_can_be_seen()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness(new() { ["Retry:MaxRetryAttempts"] = "3", ["Retry:Delay"] = "00:00:00.2", ["Retry:UseJitter"] = "false" });

        var result = await OriginHarness.DriveAsync(harness.CallAsync(), _clock, Step);

        Assert.Equal((ProblemKind.OriginFailed, "origin-503", 503), (result.Problem!.Kind, result.Problem.Detail, result.Problem.StatusCode));
        var status = harness.Caller.StatusOf("partner")!;
        Assert.Equal([200, 400, 800], status.RecentRetries.Select(retry => retry.Delay.TotalMilliseconds));
        Assert.Equal(["origin-503", "origin-503", "origin-503"], status.RecentRetries.Select(retry => retry.Detail));
        Assert.True(status.RecentRetries[1].At - status.RecentRetries[0].At >= TimeSpan.FromMilliseconds(200));
        Assert.True(status.RecentRetries[2].At - status.RecentRetries[1].At >= TimeSpan.FromMilliseconds(400));
        Assert.Equal((4, 3, 3), (_origin.Seen.Count, harness.Logged.Count(1211), (int)status.Retries));
        Assert.Contains("origin-503", status.LastError, StringComparison.Ordinal);
        Assert.NotNull(status.LastErrorAt);
    }

    [Fact]
    public async Task An_origin_that_recovers_between_attempts_gives_its_value()
    {
        var calls = 0;
        _origin.Answer = context => TestOrigin.Json(context, "1", Interlocked.Increment(ref calls) < 3 ? 500 : 200);
        await using var harness = Harness(new() { ["Retry:MaxRetryAttempts"] = "2", ["Retry:Delay"] = "00:00:00" });

        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal(2, harness.Meters.Count("orleanscache.origin.calls", "cache.integration=partner", "origin.outcome=failed"));
        Assert.Equal(1, harness.Meters.Count("orleanscache.origin.calls", "cache.integration=partner", "origin.outcome=ok"));
    }

    [Fact]
    public async Task Every_attempt_takes_a_permit()
    {
        _origin.AnswerStatus(500);
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "100", ["Retry:MaxRetryAttempts"] = "2", ["Retry:Delay"] = "00:00:00" });

        await harness.CallAsync();

        Assert.Equal((3, 3), (_origin.Seen.Count, harness.Grants));
    }

    [Fact]
    public async Task A_hanging_origin_is_given_up_after_the_attempts_timeout()
    {
        _origin.Answer = context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        await using var harness = Harness(new() { ["AttemptTimeout"] = "00:00:01", ["Retry:MaxRetryAttempts"] = "1", ["Retry:Delay"] = "00:00:00" });

        var calling = harness.CallAsync();
        await OriginHarness.UntilAsync(() => _origin.Seen.Count == 1);
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Single(_origin.Seen);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await OriginHarness.UntilAsync(() => _origin.Seen.Count == 2);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((ProblemKind.Timeout, "timeout"), (await calling).Problem is { } problem ? (problem.Kind, problem.Detail) : default);
        Assert.Equal(2, harness.Meters.Count("orleanscache.origin.calls", "cache.integration=partner", "origin.outcome=timeout"));
    }

    [Fact]
    public async Task The_whole_call_ends_at_its_timeout_whatever_is_left_to_try()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness(new()
        {
            ["Timeout"] = "00:00:05", ["AttemptTimeout"] = "00:00:05", ["Retry:MaxRetryAttempts"] = "100", ["Retry:Delay"] = "00:00:02", ["Retry:BackoffType"] = "Constant", ["Retry:UseJitter"] = "false",
        });

        var result = await OriginHarness.DriveAsync(harness.CallAsync(), _clock, Step);

        Assert.Equal(ProblemKind.Timeout, result.Problem!.Kind);
        Assert.InRange(_origin.Seen.Count, 1, 3);
    }

    [Theory]
    [InlineData(429, "2")]
    [InlineData(503, "2")]
    [InlineData(429, "Thu, 01 Jan 2026 12:00:02 GMT")]
    public async Task An_origin_that_says_when_to_come_back_pauses_everybodys_calls(int status, string retryAfter)
    {
        _origin.AnswerStatus(status, retryAfter);
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "100", ["RateLimit:MaxWait"] = "00:00:01", ["Retry:MaxRetryAttempts"] = "1", ["Retry:Delay"] = "00:00:00" });

        var first = (await harness.CallAsync()).Problem!;
        Assert.Equal(($"origin-{status}", 2_000), (first.Detail, first.RetryAfterMilliseconds));
        Assert.Single(_origin.Seen);
        _origin.Answer = context => TestOrigin.Json(context, "1");

        var second = (await harness.CallAsync()).Problem!;
        Assert.Equal((ProblemKind.Limited, "limited", 2_000), (second.Kind, second.Detail, second.RetryAfterMilliseconds));
        Assert.Contains("The origin asked for a pause", second.Message, StringComparison.Ordinal);
        Assert.Single(_origin.Seen);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
    }

    [Fact]
    public async Task Without_a_limiter_a_retry_waits_as_the_origin_says()
    {
        _origin.AnswerStatus(429, "3");
        await using var harness = Harness(new() { ["Retry:MaxRetryAttempts"] = "1", ["Retry:Delay"] = "00:00:00" });

        await OriginHarness.DriveAsync(harness.CallAsync(), _clock, Step);

        Assert.Equal(TimeSpan.FromSeconds(3), harness.Caller.StatusOf("partner")!.RecentRetries.Single().Delay);
    }
}
