namespace OrleansCache.Tests;

public sealed class ReloadTests : IAsyncLifetime
{
    private readonly TestSupport.ManualTimeProvider _clock = new();
    private TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

    [Fact]
    public async Task A_changed_limit_holds_for_the_next_call_and_forgets_nothing()
    {
        await using var harness = Harness();
        for (var i = 0; i < 3; i++)
            await harness.CallAsync();
        Assert.Equal(ProblemKind.Limited, (await harness.CallAsync()).Problem!.Kind);

        harness.Reconfigure(new() { ["RateLimit:PerSecond"] = "4" });

        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal(ProblemKind.Limited, (await harness.CallAsync()).Problem!.Kind);
    }

    [Fact]
    public async Task Another_retry_leaves_an_open_breaker_open_and_a_changed_breaker_begins_anew()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness();
        for (var i = 0; i < 2; i++)
            await harness.CallAsync();
        Assert.StartsWith("open until", harness.Caller.DescribeBreaker("partner"), StringComparison.Ordinal);

        harness.Reconfigure(new() { ["Retry:MaxRetryAttempts"] = "1", ["Methods:city:Get"] = "cities" });
        Assert.StartsWith("open until", harness.Caller.DescribeBreaker("partner"), StringComparison.Ordinal);

        harness.Reconfigure(new() { ["CircuitBreaker:MinimumThroughput"] = "3" });
        Assert.Equal("closed", harness.Caller.DescribeBreaker("partner"));
    }

    [Fact]
    public async Task Another_header_holds_for_the_next_call()
    {
        await using var harness = Harness();
        await harness.CallAsync();

        harness.Reconfigure(new() { ["Headers:X-Shop"] = "2" });
        await harness.CallAsync();

        Assert.Equal((false, "2"), (_origin.Seen.First().Headers.ContainsKey("X-Shop"), _origin.Seen.Last().Headers["X-Shop"]));
    }

    [Fact]
    public async Task A_wrong_change_keeps_the_old_configuration_and_names_the_path()
    {
        await using var harness = Harness();
        var before = harness.Policies.Number;

        harness.Reconfigure(new() { ["RateLimit:PerMinute"] = "1", ["Methods:country:FreshFor"] = "00:00:09" });

        Assert.Equal(before, harness.Policies.Number);
        Assert.Null(harness.Policies.For("default:1.0:partner:country").FreshFor);
        Assert.Contains(harness.Logged.Lines, line => line.StartsWith("1201 ", StringComparison.Ordinal) && line.Contains("OrleansCache:Integrations:partner:RateLimit:PerMinute is '1'", StringComparison.Ordinal));
        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
    }

    [Fact]
    public async Task A_changed_region_has_a_new_number()
    {
        await using var harness = Harness();
        var before = harness.Policies.Number;

        harness.Reconfigure(new() { ["OrleansCache:Regions:prices:FreshFor"] = "00:00:09" });

        Assert.True(harness.Policies.Number > before);
        Assert.Equal(TimeSpan.FromSeconds(9), harness.Policies.For("prices").FreshFor);
        Assert.Equal("unnamed", harness.Policies.For("unnamed").Region);
    }

    [Fact]
    public async Task A_change_of_what_is_read_at_the_start_is_told_once()
    {
        await using var harness = Harness();
        _ = harness.Configuration;

        harness.Reconfigure(new() { ["OrleansCache:Http:Port"] = "8889" });
        harness.Reconfigure(new() { ["OrleansCache:Regions:prices:FreshFor"] = "00:00:09" });

        var told = Assert.Single(harness.Logged.Lines, line => line.StartsWith("1203 ", StringComparison.Ordinal));
        Assert.Contains("OrleansCache:Http:Port was changed; it needs a restart", told, StringComparison.Ordinal);
    }

    private OriginHarness Harness() => OriginHarness.Make(
        new()
        {
            ["BaseAddress"] = _origin.Address, ["RateLimit:PerSecond"] = "3", ["RateLimit:OnMiss"] = "Refuse", ["Retry:MaxRetryAttempts"] = "0",
            ["CircuitBreaker:MinimumThroughput"] = "2", ["CircuitBreaker:BreakDuration"] = "00:01:00", ["Methods:country:Get"] = "countries/{code}",
        },
        _clock);
}
