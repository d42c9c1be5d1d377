using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>An activation that ends brings the store what it has first.</summary>
public sealed class EndOfActivationTests
{
    [Fact]
    public async Task Behind_is_flushed_when_the_activation_ends()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");

        await entry.Deactivate();

        Assert.Equal("1", Text((await entry.Get()).Value));
    }

    [Fact]
    public async Task Who_is_chosen_to_leave_stays_while_it_loads_and_flushes_before_it_goes()
    {
        var entry = new EntryHarness(LastingBehind);
        var holder = await entry.Lease();
        await AskToLeaveAsync(entry);
        Assert.Equal(0, entry.Leaves);

        var other = entry.Lease();
        await entry.Begun();
        Assert.True((await entry.Complete(holder.Ticket!, "1")).Stored);
        await other;
        entry.Store.Hold();
        await AskToLeaveAsync(entry);
        Assert.Equal(0, entry.Leaves);
        entry.Store.Open();
        await Eventually.TrueAsync(() => entry.Leaves == 1);

        Assert.Equal(RecordKind.Value, entry.Stored!.Kind);

        static async Task AskToLeaveAsync(EntryHarness entry)
        {
            await entry.Turn(static e =>
            {
                e.AskToLeave();
                return new ValueTask<bool>(true);
            });
            await entry.Begun();
        }
    }

    [Fact]
    public async Task An_activation_ends_after_the_store_has_what_it_was_getting()
    {
        var entry = new EntryHarness();
        await entry.Get();
        entry.Store.Hold();
        var (first, second) = (entry.Put("1"), entry.Put("2"));
        await entry.Begun();

        var end = entry.Deactivate();
        await entry.Begun();
        Assert.False(end.IsCompleted);
        entry.Store.Open();
        await end;

        Assert.Equal("2"u8.ToArray(), entry.Stored!.Bytes);
        Assert.Equal((WriteStatus.Accepted, WriteStatus.Accepted), ((await first).Status, (await second).Status));
    }

    [Fact]
    public async Task A_write_behind_whose_mark_is_on_its_way_is_flushed_too_when_the_activation_ends()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");
        await entry.Flush();
        await Eventually.TrueAsync(() => entry.Stored is { Kind: RecordKind.Value });
        await entry.Begun();
        entry.Store.Hold();
        var write = entry.Put("2");
        await entry.Begun();

        var end = entry.Deactivate();
        await entry.Begun();
        entry.Store.Open();
        await end;

        Assert.Equal(WriteStatus.Accepted, (await write).Status);
        Assert.Equal((false, "2"), (entry.Stored!.Dirty, System.Text.Encoding.UTF8.GetString(entry.Stored.Bytes)));
    }

    [Fact]
    public async Task An_activation_that_ends_waits_for_its_flush_and_leaves_the_memory_bound()
    {
        var entry = new EntryHarness(LastingBehind);
        await entry.Put("1");
        Assert.Equal((1, new EntryMemoryOptions().Overhead + (2 * Key.Length) + 1), (entry.Memory.Entries, entry.Memory.Bytes));
        entry.Store.Hold();

        var end = entry.Deactivate();
        await entry.Begun();
        Assert.False(end.IsCompleted);
        entry.Store.Open();
        await end;

        Assert.Equal(RecordKind.Value, entry.Stored!.Kind);
        Assert.Equal((0, 0), (entry.Memory.Entries, entry.Memory.Bytes));
    }

    [Fact]
    public async Task Who_asks_an_activation_that_has_ended_is_told_to_ask_again()
    {
        var entry = new EntryHarness();

        var read = await entry.Turn(async e =>
        {
            await e.DeactivateAsync(CancellationToken.None);
            return await e.ReadAsync(default, CancellationToken.None);
        });

        Assert.Equal(ReadStatus.AskAgain, read.Status);
    }
}
