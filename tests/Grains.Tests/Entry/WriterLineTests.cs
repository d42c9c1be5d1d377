using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Who has a key's turn to write, and who waits for it.</summary>
public sealed class WriterLineTests
{
    [Fact]
    public async Task One_writer_has_the_turn_at_a_time_and_the_next_when_it_ends()
    {
        var entry = new EntryHarness();
        var operation = Guid.NewGuid();
        var first = await entry.BeginWrite(operation);
        Assert.Equal(first.Ticket, (await entry.BeginWrite(operation)).Ticket);
        var second = entry.BeginWrite();
        await entry.Begun();
        Assert.False(second.IsCompleted);

        await entry.EndWrite(first.Ticket!, "1");

        var next = await second;
        Assert.Equal(OriginWriteStatus.Lost, (await entry.EndWrite(first.Ticket!, "late")).Status);
        await entry.EndWrite(next.Ticket!, "2");
        Assert.Equal("2", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task The_turn_goes_to_the_next_in_line_and_not_to_who_asks_just_then()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var first = await entry.BeginWrite();
        var second = entry.BeginWrite();
        await entry.Begun();

        var third = entry.Turn(async e =>
        {
            await e.EndWriteAsync(new() { Ticket = first.Ticket!, End = OriginWriteEnd.Refused });
            return await e.BeginWriteAsync(new(Guid.NewGuid()));
        });

        var turn = await second.WaitAsync(Eventually.Deadline);
        Assert.Equal(OriginWriteStatus.Granted, turn.Status);
        Assert.False(third.IsCompleted);
        await entry.EndWrite(turn.Ticket!, "2");
        Assert.Equal(OriginWriteStatus.Granted, (await third.WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task A_repetition_of_one_in_line_shares_its_place()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var first = await entry.BeginWrite();
        var operation = Guid.NewGuid();
        Task<OriginWriteReply>[] asked = [entry.BeginWrite(operation), entry.BeginWrite(operation)];
        await entry.Begun();
        await entry.EndWrite(first.Ticket!, "1");

        var turns = await Task.WhenAll(asked).WaitAsync(Eventually.Deadline);

        Assert.Equal((OriginWriteStatus.Granted, turns[0].Ticket), (turns[1].Status, turns[1].Ticket));
        await entry.EndWrite(turns[0].Ticket!, "2");
        Assert.Equal(OriginWriteStatus.Granted, (await entry.BeginWrite().WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task Who_waited_in_vain_leaves_the_line_and_no_turn_comes_to_nobody()
    {
        var entry = new EntryHarness();
        await entry.Put("old");
        var first = await entry.BeginWrite();
        var second = entry.BeginWrite();
        await entry.Begun();
        entry.Time.Advance(EntryLimits.Slice / 2);
        Assert.True(await entry.Renew(first.Ticket!));
        entry.Time.Advance(EntryLimits.Slice / 2);
        Assert.NotEqual(OriginWriteStatus.Granted, (await second.WaitAsync(Eventually.Deadline)).Status);

        await entry.EndWrite(first.Ticket!, "1");

        Assert.Equal(OriginWriteStatus.Granted, (await entry.BeginWrite().WaitAsync(Eventually.Deadline)).Status);
    }

    [Fact]
    public async Task More_than_may_wait_for_a_key_are_refused_at_once()
    {
        var entry = new EntryHarness();
        var turn = await entry.BeginWrite();
        var waiting = Enumerable.Range(0, EntryLimits.MaxWaiters).Select(_ => entry.BeginWrite()).ToArray();

        var refused = await entry.BeginWrite().WaitAsync(Eventually.Deadline);

        Assert.Equal(OriginWriteStatus.Unavailable, refused.Status);
        Assert.DoesNotContain(waiting, static task => task.IsCompleted);
        await entry.EndWrite(turn.Ticket!, "1");
        Assert.Equal(OriginWriteStatus.Granted, (await waiting[0].WaitAsync(Eventually.Deadline)).Status);
    }
}
