using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public sealed class PipelineTests : IAsyncLifetime
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private readonly ManualTimeProvider _clock = new();
    private TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

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

        Assert.Equal((3, 3), (_origin.Seen.Count, Grants(harness)));
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
        Assert.Equal((3, 3), (_origin.Seen.Count, Grants(harness)));
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

    [Fact]
    public async Task A_miss_waits_for_its_permit()
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "1", ["RateLimit:MaxWait"] = "00:00:02" });
        await harness.CallAsync();
        var began = _clock.GetUtcNow();

        Assert.Equal(OriginResultKind.Value, (await OriginHarness.DriveAsync(harness.CallAsync(), _clock, Step)).Kind);
        Assert.True(_clock.GetUtcNow() - began >= TimeSpan.FromMilliseconds(1_100));
    }

    [Theory]
    [InlineData("Wait", "00:00:01")]
    [InlineData("Refuse", "00:00:10")]
    public async Task A_miss_that_may_not_wait_that_long_is_refused_and_told_when_to_come_back(string onMiss, string maxWait)
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "1", ["RateLimit:MaxWait"] = maxWait, ["RateLimit:OnMiss"] = onMiss });
        await harness.CallAsync();

        var problem = (await harness.CallAsync()).Problem!;

        Assert.Equal((ProblemKind.Limited, "limited", 1_100), (problem.Kind, problem.Detail, problem.RetryAfterMilliseconds));
        Assert.Contains("RateLimit gives no permit", problem.Message, StringComparison.Ordinal);
        Assert.Single(_origin.Seen);
    }

    [Fact]
    public async Task A_miss_may_pass_the_limiter_by_but_a_refresh_may_not()
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "1", ["RateLimit:MaxWait"] = "00:00:01", ["RateLimit:OnMiss"] = "Bypass" });
        await harness.CallAsync();

        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal(ProblemKind.Limited, (await harness.CallAsync(background: true)).Problem!.Kind);
        Assert.Equal(2, _origin.Seen.Count);
    }

    [Theory]
    [InlineData("Wait")]
    [InlineData("Refuse")]
    public async Task A_refresh_waits_behind_the_misses_whatever_misses_do(string onMiss)
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "1", ["RateLimit:MaxWait"] = "00:00:02", ["RateLimit:OnMiss"] = onMiss });
        await harness.CallAsync();

        Assert.Equal(OriginResultKind.Value, (await OriginHarness.DriveAsync(harness.CallAsync(background: true), _clock, Step)).Kind);
        Assert.True(harness.Limiters.Of("partner").Seen.Last().Asked.Background);
    }

    [Fact]
    public async Task Misses_go_before_refreshes_and_refreshes_get_their_share()
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "5", ["RateLimit:MaxWait"] = "00:01:00", ["Timeout"] = "00:02:00" });
        for (var i = 0; i < 5; i++)
            await harness.CallAsync();
        var calls = Enumerable.Range(0, 40).Select(_ => harness.CallAsync(background: true)).ToList();
        await OriginHarness.UntilAsync(() => harness.Limiters.Of("partner").Describe().BackgroundWaiting == 40);
        calls.AddRange(Enumerable.Range(0, 20).Select(_ => harness.CallAsync()));
        await OriginHarness.UntilAsync(() => harness.Limiters.Of("partner").Describe().ForegroundWaiting == 20);

        await OriginHarness.DriveAsync(Task.WhenAll(calls), _clock, Step);

        var order = harness.Limiters.Of("partner").Seen.Where(seen => seen.Reply.Status == PermitStatus.Granted).Skip(5).Select(seen => seen.Asked.Background).ToArray();
        Assert.InRange(order.Take(25).Count(background => background), 4, 6);
        Assert.Equal(60, order.Length);
    }

    [Fact]
    public async Task A_caller_that_leaves_gives_its_place_up()
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "1", ["RateLimit:MaxWait"] = "00:01:00" });
        await harness.CallAsync();
        using var leaving = new CancellationTokenSource();
        var call = harness.CallAsync(leaving.Token);
        await OriginHarness.UntilAsync(() => harness.Limiters.Of("partner").Describe().ForegroundWaiting == 1);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await OriginHarness.UntilAsync(() => harness.Limiters.Of("partner").Describe().ForegroundWaiting == 0);
    }

    [Fact]
    public async Task A_permit_that_took_too_long_to_arrive_is_not_used()
    {
        await using var harness = Harness(new() { ["RateLimit:PerSecond"] = "5" });
        var limiter = harness.Limiters.Of("partner");
        limiter.OnGranted = () =>
        {
            limiter.OnGranted = () => { };
            _clock.Advance(Permit.Life);
        };

        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal((1, 2), (_origin.Seen.Count, Grants(harness)));
    }

    [Fact]
    public async Task An_integration_in_code_runs_in_the_same_stages()
    {
        var calls = new List<IntegrationRequest>();
        await using var harness = OriginHarness.Make(
            new() { ["RateLimit:PerSecond"] = "10", ["Retry:MaxRetryAttempts"] = "2", ["Retry:Delay"] = "00:00:00", ["Methods:country:Parameters:0"] = "code", ["Methods:country:FreshFor"] = "00:00:30" },
            _clock,
            services => services.AddIntegration("partner", _ => new InCode(request =>
            {
                calls.Add(request);
                return calls.Count switch
                {
                    1 => throw new InvalidDataException("garbled"),
                    2 => IntegrationResponse.Failed("busy"),
                    _ => IntegrationResponse.Value("\"Nederland\""u8.ToArray(), "application/json") with { Tags = ["eu"] },
                };
            })));

        var result = await harness.CallAsync(eTag: "\"7\"");

        Assert.Equal((OriginResultKind.Value, "application/json", 3), (result.Kind, result.ContentType, Grants(harness)));
        Assert.Equal(["eu"], result.Tags.ToArray());
        Assert.Equal(("partner", "country", "NL", "\"7\""), (calls[0].Integration, calls[0].Method, calls[0].Arguments["code"], calls[0].ETag));
        Assert.Equal(["origin-error", "origin-error"], harness.Caller.StatusOf("partner")!.RecentRetries.Select(retry => retry.Detail));
    }

    [Fact]
    public async Task Code_that_prepares_for_long_takes_a_new_permit_before_its_bytes_leave()
    {
        await using var harness = OriginHarness.Make(
            new() { ["RateLimit:PerSecond"] = "10", ["Methods:country:Parameters:0"] = "code" },
            _clock,
            services => services.AddIntegration("partner", _ => new InCode(async request =>
            {
                await request.EnsurePermitAsync();
                _clock.Advance(Permit.Life);
                await request.EnsurePermitAsync();
                return IntegrationResponse.Value(default);
            })));

        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal(2, Grants(harness));
    }

    private static int Grants(OriginHarness harness) => harness.Limiters.Of("partner").Seen.Count(seen => seen.Reply.Status == PermitStatus.Granted);

    private OriginHarness Harness(Dictionary<string, string?> settings) => OriginHarness.Make(
        new(settings) { ["BaseAddress"] = _origin.Address, ["Methods:country:Get"] = "countries/{code}" }, _clock);

    private sealed class InCode(Func<IntegrationRequest, ValueTask<IntegrationResponse>> call) : IIntegration
    {
        public InCode(Func<IntegrationRequest, IntegrationResponse> call)
            : this(request => new ValueTask<IntegrationResponse>(call(request)))
        {
        }

        public ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken) => call(request);
    }
}
