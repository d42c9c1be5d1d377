using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Keys that are loaded again with nobody asking.</summary>
public class EagerTests
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);
    private static readonly RegionPolicy Eager = Declared with { Strategy = Strategy.Eager, FreshFor = Fresh, StaleFor = TimeSpan.FromDays(1), UnreadPeriods = 3 };

    [Fact]
    public async Task A_loaded_key_asks_for_its_turn_once_when_fresh_time_ends()
    {
        var entry = await LoadedAsync();
        await entry.Get();
        await entry.Call();

        Assert.Equal([Fresh], entry.Line.Planned);
    }

    [Fact]
    public async Task A_turn_before_fresh_time_ends_loads_nothing_and_names_the_next()
    {
        var entry = await LoadedAsync();
        entry.Time.Advance(Fresh / 3);

        var turn = await entry.Turn();

        Assert.Equal((EagerStatus.Due, 20_000), (turn.Status, turn.DueMilliseconds));
        Assert.Single(entry.Origin.Calls);
    }

    [Fact]
    public async Task A_turn_past_fresh_time_loads_while_readers_have_the_old_value_at_once()
    {
        var entry = await LoadedAsync();
        entry.Time.Advance(Fresh);
        var turn = entry.Turn();
        await Eventually.TrueAsync(() => entry.Origin.Calls.Count == 2);

        var read = await entry.Call();
        Assert.Equal((ReadStatus.Stale, "1"), (read.Status, Text(read.Value)));
        Assert.True(entry.Origin.Calls[1].Call.Background);
        await entry.Origin.GiveAsync(1, "2");

        Assert.Equal((EagerStatus.Due, 30_000), ((await turn).Status, (await turn).DueMilliseconds));
        Assert.Equal((ReadStatus.Hit, "2"), ((await entry.Call()).Status, Text((await entry.Get()).Value)));
        Assert.Equal(2, entry.Origin.Calls.Count);
    }

    [Fact]
    public async Task A_stale_read_waits_for_the_turn_and_starts_no_load_of_its_own()
    {
        var entry = await LoadedAsync();
        entry.Time.Advance(Fresh * 3);

        Assert.Equal(ReadStatus.Stale, (await entry.Call()).Status);
        Assert.Single(entry.Origin.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Turns_end_when_nobody_read_for_so_many_periods_and_come_back_with_the_next_read(bool crashes)
    {
        var entry = await LoadedAsync();
        for (var period = 1; period <= Eager.UnreadPeriods; period++)
        {
            Assert.Equal(EagerStatus.Due, (await PeriodAsync(entry)).Status);
            if (crashes)
            {
                await Eventually.TrueAsync(() =>
                {
                    entry.Time.Advance(EntryLimits.FlushDelay);
                    return entry.Stored?.UnreadCount == period;
                });
                entry.Crash();
            }
        }

        entry.Time.Advance(Fresh);
        Assert.Equal(EagerStatus.Over, (await entry.Turn()).Status);
        Assert.Equal(1 + Eager.UnreadPeriods, entry.Origin.Calls.Count);
        entry.Line.Planned.Clear();

        Assert.Equal(ReadStatus.Stale, (await entry.Call()).Status);
        Assert.Equal([TimeSpan.Zero], entry.Line.Planned);
        Assert.Equal(EagerStatus.Due, (await PeriodAsync(entry)).Status);
    }

    [Fact]
    public async Task A_read_in_each_period_keeps_the_turns_coming()
    {
        var entry = await LoadedAsync();
        for (var period = 0; period < 2 * Eager.UnreadPeriods; period++)
        {
            Assert.Equal(EagerStatus.Due, (await PeriodAsync(entry)).Status);
            await entry.Get();
        }
    }

    [Fact]
    public async Task A_failed_turn_keeps_the_value_and_the_next_comes_after_a_pause()
    {
        var entry = await LoadedAsync();
        entry.Time.Advance(Fresh);
        var turn = entry.Turn();
        await entry.Origin.EndAsync(1, FakeOrigin.Down);

        Assert.Equal(EagerStatus.Due, (await turn).Status);
        Assert.InRange((await turn).DueMilliseconds, 500, 1_000);
        Assert.Equal("1", Text((await entry.Get()).Value));
        entry.Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.InRange((await entry.Turn()).DueMilliseconds, 400, 900);
        Assert.Equal(2, entry.Origin.Calls.Count);
    }

    [Fact]
    public async Task While_the_origin_is_away_periods_are_counted_and_not_attempts()
    {
        var entry = await LoadedAsync();
        entry.Time.Advance(Fresh);
        var (began, attempts) = (entry.Time.GetTimestamp(), 0);
        while (true)
        {
            var turn = entry.Turn();
            await Eventually.TrueAsync(() => turn.IsCompleted || entry.Origin.Count > attempts + 1);
            if (!turn.IsCompleted)
                await entry.Origin.EndAsync(++attempts, FakeOrigin.Down);
            if ((await turn).Status == EagerStatus.Over)
                break;
            entry.Time.Advance(TimeSpan.FromMilliseconds((await turn).DueMilliseconds));
        }

        Assert.InRange(entry.Time.GetElapsedTime(began), Eager.UnreadPeriods * Fresh, (Eager.UnreadPeriods + 1) * Fresh);
        Assert.True(attempts > 2 * Eager.UnreadPeriods);
    }

    [Fact]
    public async Task A_removed_key_and_one_whose_method_is_eager_no_more_have_no_further_turn()
    {
        var entry = await LoadedAsync();
        await entry.Remove();
        Assert.Equal(EagerStatus.Over, (await entry.Turn()).Status);

        var other = await LoadedAsync();
        other.Policies.Change(Eager with { Strategy = Strategy.Background });
        other.Time.Advance(Fresh);
        Assert.Equal(EagerStatus.Over, (await other.Turn()).Status);
        Assert.Single(other.Origin.Calls);
    }

    private static async Task<EntryHarness> LoadedAsync()
    {
        var entry = new EntryHarness(Eager);
        var call = entry.Call();
        await entry.Origin.GiveAsync(0, "1");
        await call;
        return entry;
    }

    /// <summary>Fresh time passes, and the key has its turn.</summary>
    private static async Task<EagerReply> PeriodAsync(EntryHarness entry)
    {
        entry.Time.Advance(Fresh);
        var calls = entry.Origin.Calls.Count;
        var turn = entry.Turn();
        await entry.Origin.GiveAsync(calls, $"{calls + 1}");
        return await turn;
    }
}
