using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Turns to write that make more out of date than their key.</summary>
public class InvalidatingTurnTests
{
    private const string Tag = "orders";
    private readonly EntryHarness _entry = new();

    private bool IsRaised => _entry.Tags.LastRaise(TagHash.Of(Tag)) > 0;

    [Theory]
    [InlineData(OriginWriteEnd.Written, true)]
    [InlineData(OriginWriteEnd.Written, false)]
    [InlineData(OriginWriteEnd.Doubtful, true)]
    [InlineData(OriginWriteEnd.Refused, true)]
    [InlineData(OriginWriteEnd.Refused, false)]
    internal async Task The_end_of_a_turn_raises_its_tags_before_it_is_acknowledged_unless_the_origin_refused(OriginWriteEnd end, bool existed)
    {
        if (existed)
            await _entry.Put("old");
        var turn = await _entry.BeginWrite(default, Tag);
        Assert.False(IsRaised);

        var ended = await _entry.EndWrite(turn.Ticket!, "new", end);

        Assert.Equal((end != OriginWriteEnd.Refused, end != OriginWriteEnd.Refused), (ended.AreTagsRaised, IsRaised));
    }

    [Fact]
    public async Task A_change_of_others_beside_the_write_does_not_lose_its_tags()
    {
        var turn = await _entry.BeginWrite(default, Tag);
        await _entry.Put("other");

        Assert.True((await _entry.EndWrite(turn.Ticket!, "new")).AreTagsRaised);
        Assert.True(IsRaised);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task If_the_writer_dies_the_tags_are_raised_when_its_turn_ends_also_by_a_later_owner(bool moves)
    {
        await _entry.Put("old");
        await _entry.BeginWrite(default, Tag);
        if (moves)
        {
            await _entry.Deactivate();
            _entry.Crash();
        }

        await _entry.Get();

        await Eventually.TrueAsync(async () =>
        {
            _entry.Time.Advance(EntryLimits.LoadLease / 10);
            await _entry.Begun();
            return IsRaised;
        });
    }

    [Theory]
    [InlineData(OriginWriteEnd.Written)]
    [InlineData(OriginWriteEnd.Doubtful)]
    [InlineData(OriginWriteEnd.Refused)]
    internal async Task What_was_seen_to_is_not_raised_again_by_a_later_owner(OriginWriteEnd end)
    {
        var turn = await _entry.BeginWrite(default, Tag);
        await _entry.EndWrite(turn.Ticket!, "new", end);
        var raised = _entry.Tags.Head;
        _entry.Crash();
        await _entry.Get();
        for (var tenth = 0; tenth < 20; tenth++)
        {
            _entry.Time.Advance(EntryLimits.LoadLease / 10);
            await _entry.Begun();
        }

        Assert.Equal(raised, _entry.Tags.Head);
    }

    [Fact]
    public async Task The_store_forgets_a_turn_in_doubt_when_its_tags_are_raised_and_not_before()
    {
        await _entry.Put("old");
        var turn = await _entry.BeginWrite(default, Tag);
        var raise = new TaskCompletionSource();
        _entry.Tags.Raising = () => raise.Task;

        var ended = _entry.EndWrite(turn.Ticket!, null, OriginWriteEnd.Doubtful);
        await _entry.Begun();
        Assert.True(_entry.Stored is { Dirty: true, Tags: [Tag] });
        raise.SetResult();

        Assert.True((await ended.WaitAsync(Eventually.Deadline)).AreTagsRaised);
        Assert.Equal(RecordKind.Removed, _entry.Stored!.Kind);
    }

    [Fact]
    public async Task A_raise_that_the_log_does_not_take_is_made_again_and_the_holder_is_told_that_it_was_not_made()
    {
        var turn = await _entry.BeginWrite(default, Tag);
        _entry.Tags.Raising = static () => throw new StoreUnavailableException("away", maybeApplied: true);
        var ending = _entry.EndWrite(turn.Ticket!, "new");
        await Eventually.TrueAsync(() =>
        {
            _entry.Time.Advance(EntryLimits.LoadLease / 10);
            return ending.IsCompleted;
        });
        var ended = await ending;
        Assert.Equal((OriginWriteStatus.Ended, false, false), (ended.Status, ended.AreTagsRaised, IsRaised));

        _entry.Tags.Raising = static () => Task.CompletedTask;

        await Eventually.TrueAsync(() =>
        {
            _entry.Time.Advance(EntryLimits.LoadLease / 10);
            return IsRaised;
        });
    }
}
