namespace OrleansCache.Flights;

public class FlightTableTests
{
    private const int Keys = 10_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flight_that_ends_or_is_detached_leaves_those_of_other_keys_where_they_are()
    {
        var table = new FlightTable(TimeProvider.System);
        var answers = Enumerable.Range(0, Keys).Select(_ => new TaskCompletionSource<Landing<int>>()).ToArray();
        var calls = Enumerable.Range(0, Keys)
            .Select(i => table.FlyAsync<int, int>($"k{i}", FlightKind.Load, i, (_, key) => new(answers[key].Task), Cancellation).AsTask()).ToArray();
        Assert.Equal(Keys, table.Count);

        for (var i = 0; i < Keys; i += 4)
        {
            answers[i].SetResult(default);
            await calls[i];
            table.Detach($"k{i + 2}");
        }

        Assert.Equal(Keys / 2, table.Count);
        Assert.All(Enumerable.Range(0, Keys), i => Assert.Equal(i % 2, table.Waiting($"k{i}")));
        foreach (var answer in answers)
            answer.TrySetResult(default);
        await Task.WhenAll(calls);
        Assert.Equal(0, table.Count);
    }
}
