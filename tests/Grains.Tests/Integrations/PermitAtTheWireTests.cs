using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public class PermitAtTheWireTests
{
    [Fact]
    public async Task A_slow_connect_lets_no_stale_permit_out_and_counts_as_no_retry()
    {
        using var origin = new RawOrigin(backlog: 0);
        await origin.FillQueueAsync();
        var clock = new ManualTimeProvider();
        await using var harness = Harness(origin, clock: clock);

        var calling = harness.CallAsync();
        await OriginHarness.UntilAsync(() => harness.Grants == 1 && origin.IsBeingConnectedTo);
        clock.Advance(Permit.Life);
        await origin.EmptyQueueAsync();
        var (connection, head) = await origin.AcceptRequestAsync();
        await using var closing = connection;
        await RawOrigin.AnswerAsync(connection);

        Assert.StartsWith("GET /countries/NL HTTP/1.1", head, StringComparison.Ordinal);
        Assert.Equal(OriginResultKind.Value, (await calling).Kind);
        Assert.InRange(harness.Grants, 2, 100);
        Assert.NotEqual(0, harness.Logged.Count(1216));
        Assert.Equal(0, harness.Logged.Count(1211));
    }

    [Fact]
    public async Task A_second_sending_by_the_http_client_itself_takes_a_second_permit()
    {
        using var origin = new RawOrigin();
        await using var harness = Harness(origin, clock: new ManualTimeProvider());
        var first = harness.CallAsync();
        var kept = await origin.AcceptAsync();
        await RawOrigin.ReadAsync(kept);
        await RawOrigin.AnswerAsync(kept);
        await first;
        Assert.Equal(1, harness.Grants);

        var second = harness.CallAsync();
        await RawOrigin.ReadAsync(kept);
        await kept.DisposeAsync();
        await using var anew = await origin.AcceptAsync();
        Assert.NotNull(await RawOrigin.ReadAsync(anew));
        await RawOrigin.AnswerAsync(anew);

        Assert.Equal(OriginResultKind.Value, (await second).Kind);
        Assert.Equal(3, harness.Grants);
    }

    [Fact]
    public async Task A_stale_permit_with_no_other_to_be_had_sends_nothing()
    {
        var clock = new ManualTimeProvider();
        using var wire = new MemoryStream();
        await using var stream = new PermitStream(wire);
        PermitSlip.Current = new(new(PermitKind.Granted, clock.GetTimestamp()), _ => new(new Permit(PermitKind.Refused, RetryAfter: TimeSpan.FromSeconds(3))), clock, default);
        clock.Advance(Permit.Life);

        await Assert.ThrowsAsync<PermitRefusedException>(async () => await stream.WriteAsync(new byte[] { 1 }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<PermitRefusedException>(async () => await stream.WriteAsync(new byte[] { 1 }, TestContext.Current.CancellationToken));

        Assert.Equal(0, wire.Length);
        Assert.Equal(TimeSpan.FromSeconds(3), PermitSlip.Current.Refusal);
    }

    [Fact]
    public async Task A_permit_is_good_until_just_before_fifty_milliseconds_and_for_all_writes_of_its_request()
    {
        var clock = new ManualTimeProvider();
        using var wire = new MemoryStream();
        await using var stream = new PermitStream(wire);
        var renewed = 0;
        PermitSlip.Current = new(new(PermitKind.Granted, clock.GetTimestamp()), Renew, clock, default);
        clock.Advance(Permit.Life - TimeSpan.FromTicks(1));

        await stream.WriteAsync(new byte[] { 1 }, TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(10));
        await stream.WriteAsync(new byte[] { 2 }, TestContext.Current.CancellationToken);

        Assert.Equal((2, 0), ((int)wire.Length, renewed));

        ValueTask<Permit> Renew(CancellationToken ct)
        {
            renewed++;
            return new(new Permit(PermitKind.Granted, clock.GetTimestamp()));
        }
    }

    [Fact]
    public async Task An_attempt_that_ends_while_it_waits_for_a_new_permit_was_limited_and_the_origin_is_not_blamed()
    {
        var clock = new ManualTimeProvider();
        using var origin = new RawOrigin(backlog: 0);
        await origin.FillQueueAsync();
        await using var harness = Harness(
            origin,
            new()
            {
                ["RateLimit:PerSecond"] = "1", ["RateLimit:MaxWait"] = "00:01:00", ["AttemptTimeout"] = "00:00:05",
                ["CircuitBreaker:MinimumThroughput"] = "2", ["CircuitBreaker:FailureRatio"] = "0.01",
            },
            clock);

        var calling = harness.CallAsync();
        await OriginHarness.UntilAsync(() => harness.Grants == 1 && origin.IsBeingConnectedTo);
        clock.Advance(Permit.Life);
        await origin.EmptyQueueAsync();
        await OriginHarness.UntilAsync(() => harness.Limiters.Of("partner").Describe().ForegroundWaiting == 1);
        await harness.Limiters.Of("partner").PauseAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(5));
        var result = await calling.WaitAsync(Eventually.Deadline);

        Assert.Equal((ProblemKind.Limited, "closed"), (result.Problem!.Kind, harness.Caller.DescribeBreaker("partner")));
    }

    private static OriginHarness Harness(RawOrigin origin, Dictionary<string, string?>? settings = null, TimeProvider? clock = null) => OriginHarness.Make(new(settings ?? new() { ["RateLimit:PerSecond"] = "100" })
    {
        ["BaseAddress"] = origin.Address,
        ["Methods:country:Get"] = "countries/{code}",
        ["Retry:MaxRetryAttempts"] = "0",
    }, clock);
}
