namespace OrleansCache.Silo.Tests;

/// <summary>A thousand callers of a cold key, at once.</summary>
[Collection(nameof(Alone))]
public sealed class StampedeTests
{
    [Fact]
    public async Task A_thousand_cold_callers_make_one_origin_call()
    {
        const int Callers = 1_000;
        await using var origin = await PartnerProcess.StartAsync();
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: PartnerConfig.Order("Background", "00:10:00", "01:00:00"));
        var clock = TimeProvider.System;

        async Task<(string? Status, string Text, TimeSpan Took)> CallAsync(int id)
        {
            var begun = clock.GetTimestamp();
            using var answer = await silo.GetAsync($"partner/order?id={id}");
            var text = await answer.TextAsync();
            return (answer.CacheStatus(), text, clock.GetElapsedTime(begun));
        }

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync(1)));      // the warm-up: connections, code
        var answers = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync(2)));

        Assert.Equal((1, 1), (await origin.CallsAsync("/orders/1"), await origin.CallsAsync("/orders/2")));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
        Assert.Single(answers, answer => answer.Status == "OrleansCache; fwd=miss; stored");
        Assert.All(answers, answer => Assert.True(
            answer.Status is "OrleansCache; fwd=miss; stored" or "OrleansCache; fwd=miss; collapsed" || answer.Status!.StartsWith("OrleansCache; hit; ttl=", StringComparison.Ordinal), answer.Status));
        var slowest = answers.Max(answer => answer.Took) - TimeSpan.FromMilliseconds(300);
        TestContext.Current.SendDiagnosticMessage($"the slowest of {Callers} took {slowest.TotalMilliseconds:0.0} ms more than the origin");
        Assert.True(slowest < TimeSpan.FromSeconds(2), $"{slowest.TotalMilliseconds:0} ms over the origin's own time");
    }
}
