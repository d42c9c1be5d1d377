using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Which calls of an origin wait for their permit, and in what order they get it.</summary>
public sealed class CallPermitTests : DrivenOrigin
{
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
        Assert.InRange(order.Length, 60, int.MaxValue);         // the clock goes on while threads are late: a permit may be too old, and is asked for again
        Assert.Equal(5 + 60, _origin.Seen.Count);
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
        Assert.Equal((1, 2), (_origin.Seen.Count, harness.Grants));
    }
}
