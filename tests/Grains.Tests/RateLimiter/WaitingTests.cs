using static OrleansCache.Tests.LimiterRulesTests;

namespace OrleansCache.Tests;

public class WaitingTests
{
    private const long Second = 1_000_000;
    private const long Life = PermitWindows.PermitLife;
    private const long Start = 100 * 86_400 * Second;

    [Fact]
    public void Waiters_are_told_when_their_own_turn_comes()
    {
        var limiter = Ready(new(PerSecond: 2));
        Grant(limiter, Start, 2);

        var waits = Enumerable.Range(0, 5).Select(_ => Ask(limiter, Start, Guid.NewGuid(), wait: 10_000).RetryAfter).ToArray();

        Assert.Equal([Second, Second, Second, Second, Second], waits);        // called back at least once a second
        Assert.Equal(new(PermitDecisionKind.Refused, 3 * (Second + Life)), Ask(limiter, Start, Guid.NewGuid(), wait: 3_000));
    }

    [Fact]
    public void A_place_is_kept_by_the_ticket()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        Ask(limiter, Start, first, wait: 10_000);
        Ask(limiter, Start + 1, second, wait: 10_000);
        var free = Start + Second + Life;

        Assert.Equal(PermitDecisionKind.Wait, Ask(limiter, free, second, wait: 9_000).Kind);
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, free, first, wait: 9_000).Kind);
    }

    [Fact]
    public void One_who_comes_new_does_not_pass_those_who_wait()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);
        Ask(limiter, Start, Guid.NewGuid(), wait: 10_000);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start + Second + Life).Kind);
    }

    [Fact]
    public void A_ticket_that_does_not_come_back_loses_its_place()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);
        var gone = Ask(limiter, Start, Guid.NewGuid(), wait: 10_000);

        var afterGrace = Start + gone.RetryAfter + WaitingLine.Grace + 1;

        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, afterGrace).Kind);
        Assert.Equal(0, limiter.ForegroundWaiting);
    }

    [Fact]
    public void One_who_gives_up_frees_the_place_at_once()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);
        var gone = Guid.NewGuid();
        Ask(limiter, Start, gone, wait: 10_000);
        Ask(limiter, Start, gone, wait: -1);

        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start + Second + Life).Kind);
    }

    [Fact]
    public void One_who_is_refused_has_no_place_any_more()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);
        var (acquires, postponed) = (Guid.NewGuid(), Guid.NewGuid());
        Ask(limiter, Start, acquires, wait: 10_000);
        limiter.Postpone(new() { Ticket = postponed, WaitMilliseconds = 10_000 }, Start, wait: 5_000);
        Assert.Equal(2, limiter.ForegroundWaiting);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start, acquires, wait: 0).Kind);
        Assert.Equal(1, limiter.ForegroundWaiting);
        Assert.Equal(PermitDecisionKind.Refused, limiter.Postpone(new() { Ticket = postponed, WaitMilliseconds = 4 }, Start, wait: 5_000).Kind);
        Assert.Equal(0, limiter.ForegroundWaiting);
    }

    [Fact]
    public void Without_a_ticket_nobody_waits()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start, Guid.Empty, wait: 10_000).Kind);
        Assert.Equal(PermitDecisionKind.Refused, limiter.Postpone(new() { WaitMilliseconds = 10_000 }, Start, wait: 5_000).Kind);
    }

    [Fact]
    public void In_a_full_line_those_who_wait_may_go_on_waiting()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);
        var first = Guid.NewGuid();
        Ask(limiter, Start, first, wait: int.MaxValue);
        while (limiter.ForegroundWaiting < LimiterRules.MaxWaiting)
            Ask(limiter, Start, Guid.NewGuid(), wait: int.MaxValue);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start, Guid.NewGuid(), wait: int.MaxValue).Kind);
        Assert.Equal(PermitDecisionKind.Wait, Ask(limiter, Start, first, wait: int.MaxValue).Kind);
    }

    [Fact]
    public void One_who_gives_up_takes_no_permit_though_one_is_free()
    {
        var limiter = Ready(new(PerSecond: 1));

        Assert.NotEqual(PermitDecisionKind.Granted, Ask(limiter, Start, Guid.NewGuid(), wait: -1).Kind);
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start).Kind);
    }

    [Fact]
    public void The_line_is_bounded()
    {
        var limiter = Ready(new(PerSecond: 1_000));
        Grant(limiter, Start, 1_000);
        for (var i = 0; i < LimiterRules.MaxWaiting; i++)
            limiter.Postpone(new() { Ticket = Guid.NewGuid(), WaitMilliseconds = 60_000 }, Start, Second);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start, Guid.NewGuid(), wait: 60_000).Kind);
        Assert.Equal(LimiterRules.MaxWaiting, limiter.ForegroundWaiting);
    }

    [Fact]
    public void Misses_go_before_refreshes_that_came_earlier()
    {
        var limiter = Ready(new(PerSecond: 1, BackgroundShare: 0));
        Grant(limiter, Start, 1);
        var (refresh, miss) = (Guid.NewGuid(), Guid.NewGuid());
        Ask(limiter, Start, refresh, background: true, wait: 10_000);
        Ask(limiter, Start + 1, miss, wait: 10_000);
        var free = Start + Second + Life;

        Assert.Equal(PermitDecisionKind.Wait, Ask(limiter, free, refresh, background: true, wait: 9_000).Kind);
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, free, miss, wait: 9_000).Kind);
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.2, 20)]
    [InlineData(0.5, 50)]
    [InlineData(1.0, 100)]
    public void While_both_wait_refreshes_get_their_share(double share, int expected)
    {
        var limits = new RateLimits(PerSecond: 5, BackgroundShare: share);
        var line = new Crowd(Ready(limits), foreground: 200, background: 200);

        line.Run(Start, permits: 100);

        Assert.Equal(expected, line.BackgroundGranted);
        PlainLog.AssertHolds(line.Granted, limits);
    }

    [Fact]
    public void With_nobody_before_them_refreshes_get_every_permit()
    {
        var line = new Crowd(Ready(new(PerSecond: 5)), foreground: 0, background: 50);

        line.Run(Start, permits: 50);

        Assert.Equal(50, line.BackgroundGranted);
        Assert.InRange(line.Granted[^1] - line.Granted[0], 0, 10 * (Second + Life));
    }

    [Fact]
    public void A_line_that_comes_back_as_told_wastes_nothing_over_many_random_cases()
    {
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            var limits = new RateLimits(PerSecond: random.Next(1, 8), PerMinute: random.Next(8, 60), BackgroundShare: random.NextDouble());
            var line = new Crowd(Ready(limits), random.Next(0, 60), random.Next(1, 60));

            line.Run(Start, permits: 50);

            PlainLog.AssertHolds(line.Granted, limits);
            var ideal = new List<long>();
            foreach (var _ in line.Granted)
                ideal.Add(PlainLog.FreeAt(ideal, limits, Start));
            Assert.Equal(ideal, line.Granted.Order());
        }
    }

    /// <summary>Callers that all wait from the start, and come back exactly when told.</summary>
    private sealed class Crowd
    {
        private readonly LimiterRules _limiter;
        private readonly PriorityQueue<(Guid Ticket, bool Background), (long At, int Order)> _due = new();
        private int _order;

        public Crowd(LimiterRules limiter, int foreground, int background)
        {
            _limiter = limiter;
            for (var i = 0; i < background; i++)
                _due.Enqueue((Guid.NewGuid(), true), (Start, _order++));
            for (var i = 0; i < foreground; i++)
                _due.Enqueue((Guid.NewGuid(), false), (Start, _order++));
        }

        public List<long> Granted { get; } = [];

        public int BackgroundGranted { get; private set; }

        public void Run(long start, int permits)
        {
            // All stand in line before the first permit is free.
            _limiter.Pause(start - 1, 1);
            foreach (var (caller, _) in _due.UnorderedItems.OrderBy(item => item.Priority).Select(item => (item.Element, item.Priority)).ToArray())
                _limiter.Acquire(new() { Ticket = caller.Ticket, Background = caller.Background, WaitMilliseconds = int.MaxValue }, start - 1);
            while (Granted.Count < permits && _due.TryDequeue(out var caller, out var due))
            {
                var decision = _limiter.Acquire(new() { Ticket = caller.Ticket, Background = caller.Background, WaitMilliseconds = int.MaxValue }, due.At);
                if (decision.Kind == PermitDecisionKind.Wait)
                {
                    _due.Enqueue(caller, (due.At + decision.RetryAfter, _order++));
                    continue;
                }

                Assert.Equal(PermitDecisionKind.Granted, decision.Kind);
                Granted.Add(due.At);
                BackgroundGranted += caller.Background ? 1 : 0;
            }
        }
    }
}
