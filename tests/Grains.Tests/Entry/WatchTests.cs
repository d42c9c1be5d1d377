using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>What those are told who watch a key.</summary>
public sealed class WatchTests
{
    private readonly EntryHarness _entry = new();

    [Fact]
    public async Task Who_knows_nothing_is_told_at_once_what_there_is()
    {
        Assert.Equal((WatchStatus.News, 0), await WatchAsync(WatchRequest.Unknown));
        var written = await _entry.Put("1");

        Assert.Equal((WatchStatus.News, written.Version), await WatchAsync(WatchRequest.Unknown));
        Assert.Equal((WatchStatus.News, written.Version), await WatchAsync(0));
    }

    [Fact]
    public async Task A_change_is_told_when_it_happens_and_not_at_the_next_look()
    {
        var first = await _entry.Put("1");
        var told = WatchAsync(first.Version);
        await _entry.Begun();
        Assert.False(told.IsCompleted);

        var second = await _entry.Put("2");
        Assert.Equal((WatchStatus.News, second.Version), await told.WaitAsync(Eventually.Deadline));

        told = WatchAsync(second.Version);
        await _entry.Remove();
        Assert.Equal((WatchStatus.News, 0), await told.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task A_loaded_value_is_told_and_an_equal_one_is_not()
    {
        var told = WatchAsync(0);
        var load = await _entry.Lease();
        await _entry.Complete(load.Ticket!, "1", new() { FreshMilliseconds = 1_000, StaleMilliseconds = 60_000 });
        var (_, version) = await told.WaitAsync(Eventually.Deadline);

        told = WatchAsync(version);
        _entry.Time.Advance(TimeSpan.FromMilliseconds(1_100));
        var again = await _entry.Lease();
        await _entry.Complete(again.Ticket!, "1", new() { FreshMilliseconds = 60_000 });

        Assert.True(version > 0);
        Assert.Equal(WatchStatus.AskAgain, (await DrivenAsync(told)).Status);
    }

    [Fact]
    public async Task A_raised_tag_and_the_end_of_a_lifetime_are_told_within_a_look()
    {
        var tagged = await _entry.Put("1", new() { Tags = ["a"] });
        var told = WatchAsync(tagged.Version);
        await Eventually.TrueAsync(() => _entry.Time.ActiveTimers > 0);
        _entry.Tags.Raise("a");
        _entry.Time.Advance(EntryLimits.Look);
        Assert.Equal((WatchStatus.News, 0), await told.WaitAsync(Eventually.Deadline));

        var brief = await _entry.Put("2", new() { FreshMilliseconds = 100, StaleMilliseconds = 0 });
        told = WatchAsync(brief.Version);
        await Eventually.TrueAsync(() => _entry.Time.ActiveTimers > 0);
        _entry.Time.Advance(EntryLimits.Look);
        Assert.Equal((WatchStatus.News, 0), await told.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task A_question_ends_with_its_slice_and_one_for_a_key_that_moved_away_at_the_next_look()
    {
        var written = await _entry.Put("1");
        Assert.Equal(WatchStatus.AskAgain, (await DrivenAsync(WatchAsync(written.Version))).Status);

        var told = WatchAsync(written.Version);
        await Eventually.TrueAsync(() => _entry.Time.ActiveTimers > 0);
        (_entry.Ownership.IsOwner, _entry.Ownership.View) = (false, 2);
        _entry.Time.Advance(EntryLimits.Look);
        Assert.Equal(WatchStatus.NotOwner, (await told.WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task What_cannot_be_told_now_is_told_later_and_not_asked_for_at_every_instant()
    {
        var written = await _entry.Put("1", new() { Tags = ["a"] });
        _entry.Tags.IsProven = false;
        var told = WatchAsync(WatchRequest.Unknown);
        await Eventually.TrueAsync(() => _entry.Time.ActiveTimers > 0);
        Assert.False(told.IsCompleted);

        _entry.Tags.IsProven = true;
        _entry.Time.Advance(EntryLimits.Look);

        Assert.Equal((WatchStatus.News, written.Version), await told.WaitAsync(Eventually.Deadline));
    }

    private async Task<(WatchStatus Status, long Version)> WatchAsync(long known) =>
        await _entry.Turn(e => e.WatchAsync(new() { Known = known, WaitMilliseconds = 2_000 })) is var reply ? (reply.Status, reply.Version) : default;

    private async Task<(WatchStatus Status, long Version)> DrivenAsync(Task<(WatchStatus Status, long Version)> told)
    {
        await Eventually.TrueAsync(() =>
        {
            if (!told.IsCompleted && _entry.Time.ActiveTimers > 0)
                _entry.Time.Advance(TimeSpan.FromMilliseconds(100));
            return told.IsCompleted;
        });
        return await told;
    }
}
