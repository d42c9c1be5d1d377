namespace OrleansCache.Tests;

public sealed class WarmUpIntegrationTests : IAsyncLifetime
{
    private TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

    [Fact]
    public async Task It_is_called_while_it_is_lent_and_in_no_count()
    {
        await using var harness = OriginHarness.Make(new() { ["BaseAddress"] = _origin.Address, ["Methods:country:Get"] = "countries/{code}" });
        var before = harness.Policies.Number;
        using (Lend(harness))
        {
            Assert.Same(WarmUpIntegration.Policy, harness.Policies.For(WarmUpIntegration.Policy.Region));
            Assert.Equal(OriginResultKind.Value, (await CallAsync(harness)).Kind);
        }

        Assert.Equal("unknown-integration", (await CallAsync(harness)).Problem!.Detail);
        Assert.Null(harness.Policies.For(WarmUpIntegration.Policy.Region).Integration);
        Assert.True(harness.Policies.Number > before + 1);
        Assert.Equal(0, harness.Meters.Count("orleanscache.origin.calls"));
        await harness.CallAsync();
        Assert.Equal(1, harness.Meters.Count("orleanscache.origin.calls"));
    }

    [Fact]
    public async Task A_configuration_that_changes_meanwhile_stays()
    {
        await using var harness = OriginHarness.Make(new() { ["BaseAddress"] = _origin.Address, ["Methods:country:Get"] = "countries/{code}" });
        using (Lend(harness))
            harness.Reconfigure(new() { ["OrleansCache:Regions:prices:FreshFor"] = "00:00:09" });

        Assert.Equal(TimeSpan.FromSeconds(9), harness.Policies.For("prices").FreshFor);
        Assert.Equal("unknown-integration", (await CallAsync(harness)).Problem!.Detail);
    }

    private IDisposable Lend(OriginHarness harness) => harness.Configuration.Lend(WarmUpIntegration.Of(new(_origin.Address), "live"), WarmUpIntegration.Policy);

    private static Task<OriginResult> CallAsync(OriginHarness harness) => harness.Caller.CallAsync(
        new() { Policy = WarmUpIntegration.Policy, Arguments = [new(WarmUpIntegration.Parameter, "1")] }, TestContext.Current.CancellationToken);
}
