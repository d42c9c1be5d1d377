namespace OrleansCache.Silo.Tests;

public sealed class CacheStatusTests
{
    public static TheoryData<string, string> Answers { get; } = new()
    {
        { "hit", "OrleansCache; hit; ttl=29" },
        { "forever", "OrleansCache; hit" },
        { "stale", "OrleansCache; hit; ttl=-12; detail=origin-503" },
        { "justStale", "OrleansCache; hit; ttl=-1" },
        { "stored", "OrleansCache; fwd=miss; stored" },
        { "notStored", "OrleansCache; fwd=miss" },
        { "joined", "OrleansCache; fwd=miss; collapsed" },
        { "absent", "OrleansCache; detail=absent" },
        { "degraded", "OrleansCache; hit; ttl=29; degraded" },
        { "failed", "OrleansCache; fwd=miss; detail=timeout" },
        { "cachedAbsence", "OrleansCache; hit; ttl=4; detail=absent" },
        { "oddDetail", "OrleansCache; fwd=miss; detail=\"a \\\"b\\\" ?\"" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Each_answer_has_its_form(string answer, string expected)
    {
        var value = new EntryValue { Version = 1 };
        var reply = answer switch
        {
            "hit" => new ReadReply { Status = ReadStatus.Hit, Value = value, FreshMilliseconds = 29_999 },
            "forever" => new ReadReply { Status = ReadStatus.Hit, Value = value, FreshMilliseconds = ReadReply.NoLifetime },
            "stale" => new ReadReply { Status = ReadStatus.Stale, Value = value, FreshMilliseconds = -11_001, Problem = new() { Detail = "origin-503" } },
            "justStale" => new ReadReply { Status = ReadStatus.Stale, Value = value, FreshMilliseconds = -1 },
            "stored" => new ReadReply { Status = ReadStatus.Loaded, Value = value, Stored = true },
            "notStored" => new ReadReply { Status = ReadStatus.Loaded, Value = value },
            "joined" => new ReadReply { Status = ReadStatus.Joined, Value = value, Stored = true },
            "absent" => default,
            "degraded" => new ReadReply { Status = ReadStatus.Hit, Value = value, FreshMilliseconds = 29_000, Degraded = true },
            "failed" => new ReadReply { Status = ReadStatus.Failed, Problem = new() { Detail = "timeout" } },
            "cachedAbsence" => new ReadReply { Status = ReadStatus.Hit, Value = value with { IsAbsent = true }, FreshMilliseconds = 4_500 },
            _ => new ReadReply { Status = ReadStatus.Failed, Problem = new() { Detail = "a \"b\" é" } },
        };

        Assert.Equal(expected, CacheStatus.Of(in reply));
    }
}
