namespace OrleansCache.Samples;

public sealed class CallLogTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_full_log_forgets_the_oldest_instant_and_goes_on_counting()
    {
        var log = new CallLog(capacity: 3);

        for (var call = 0; call < 5; call++)
            log.Record("/a", Noon.AddSeconds(call));

        var calls = Assert.Single(log.Snapshot()).Value;
        Assert.Equal(5, calls.Count);
        Assert.Equal([Noon.AddSeconds(2), Noon.AddSeconds(3), Noon.AddSeconds(4)], calls.Times);
    }

    [Fact]
    public void A_scan_of_many_paths_leaves_the_log_bounded()
    {
        var log = new CallLog(capacity: 100);

        for (var call = 0; call < 10_000; call++)
            log.Record($"/{call}", Noon);

        Assert.Equal(100, log.Snapshot().Count);
    }
}
