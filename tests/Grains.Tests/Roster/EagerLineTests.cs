using System.Collections.Concurrent;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public class EagerLineTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConcurrentQueue<string> _turns = new();
    private readonly ConcurrentQueue<(string, bool)> _listed = new();

    [Fact]
    public async Task A_turn_further_off_than_any_timer_reaches_holds_up_no_other()
    {
        using var end = new CancellationTokenSource();
        var line = new EagerLine(() => 1, TurnAsync, List, _time);
        line.Plan("late", TimeSpan.FromDays(60));
        var running = line.RunAsync(end.Token);
        line.Plan("now", TimeSpan.Zero);

        await Eventually.TrueAsync(() => _turns.Contains("now"));
        Assert.DoesNotContain("late", _turns);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromDays(1));
            return _turns.Contains("late");
        });
        await end.CancelAsync();
        await running;
    }

    [Fact]
    public async Task No_more_have_their_turn_at_once_than_there_is_room_for()
    {
        using var end = new CancellationTokenSource();
        var (gate, inside, most) = (new TaskCompletionSource(), 0, 0);
        var line = new EagerLine(() => 3, async key =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await gate.Task;
            Interlocked.Decrement(ref inside);
            return await TurnAsync(key);
        }, List, _time);
        for (var key = 0; key < 9; key++)
            line.Plan($"{key}", TimeSpan.Zero);
        var running = line.RunAsync(end.Token);
        await Eventually.TrueAsync(() => Volatile.Read(ref inside) == 3);
        gate.SetResult();

        await Eventually.TrueAsync(() => _turns.Count == 9);
        Assert.Equal(3, most);
        await end.CancelAsync();
        await running;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_is_asked_for_during_its_last_turn_has_another_and_stays_listed(bool isAsked)
    {
        using var end = new CancellationTokenSource();
        EagerLine line = null!;
        line = new(() => 1, key =>
        {
            if (isAsked && _turns.IsEmpty)
                line.Plan(key, TimeSpan.FromSeconds(1));
            return TurnAsync(key);
        }, List, _time);
        line.Plan("a", TimeSpan.Zero);
        var running = line.RunAsync(end.Token);
        await Eventually.TrueAsync(() => _turns.Count == 1 && (isAsked || _listed.Count == 2));
        Assert.Equal(isAsked ? [("a", true)] : [("a", true), ("a", false)], _listed);

        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return !isAsked || (_turns.Count == 2 && _listed.Count == 2);
        });
        Assert.Equal([("a", true), ("a", false)], _listed);
        await end.CancelAsync();
        await running;
    }

    private void List(string key, bool isEager) => _listed.Enqueue((key, isEager));

    private Task<EagerReply> TurnAsync(string key)
    {
        _turns.Enqueue(key);
        return Task.FromResult(new EagerReply { Status = EagerStatus.Over });
    }
}
