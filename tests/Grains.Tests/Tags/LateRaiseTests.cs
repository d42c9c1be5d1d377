using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>A silo that was paused beyond its lease finds raises that others have made since: it makes them no more.</summary>
public sealed class LateRaiseTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly FakeOwnership _ownership = new();
    private readonly FakeTagLog _log = new();

    [Fact]
    public async Task A_raise_is_refused_by_who_cannot_prove_that_it_was_not_away()
    {
        var grain = new TagGrain(_log, _ownership, _time);
        _ownership.FenceHolds = false;
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.RaiseAsync(["a"]).AsTask());
        Assert.Equal(0, _log.Head);

        _ownership.FenceHolds = true;

        Assert.Equal(1, await grain.RaiseAsync(["a"]));
    }

    [Fact]
    public async Task A_debounced_raise_that_falls_due_while_the_silo_is_away_is_left_to_the_next()
    {
        var grain = new DebounceGrain(_log, _ownership, _time);
        var raising = grain.RaiseAsync(new() { OperationId = Guid.NewGuid(), QuietMilliseconds = 500, LongestMilliseconds = 500, WaitMilliseconds = 10_000 }).AsTask();
        _ownership.FenceHolds = false;

        _time.Advance(TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAsync<SiloUnavailableException>(() => raising.WaitAsync(Eventually.Deadline));
        Assert.Equal(0, _log.Head);
    }
}
