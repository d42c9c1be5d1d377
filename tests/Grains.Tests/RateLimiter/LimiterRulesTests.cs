namespace OrleansCache.Tests;

public class LimiterRulesTests
{
    private const long Second = 1_000_000;
    private const long Life = PermitWindows.PermitLife;
    private const long Start = 100 * 86_400 * Second;

    [Fact]
    public void Under_the_limit_every_call_is_granted()
    {
        var limiter = Ready(new(PerSecond: 5));

        Assert.All(Enumerable.Range(0, 4), _ => Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start).Kind));
    }

    [Fact]
    public void The_last_permit_of_a_window_is_granted_and_the_next_is_not()
    {
        var limiter = Ready(new(PerSecond: 5));
        Grant(limiter, Start, 4);

        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start).Kind);
        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start).Kind);
    }

    [Fact]
    public void Over_the_limit_the_answer_says_when_a_permit_is_free()
    {
        var limiter = Ready(new(PerSecond: 5));
        Grant(limiter, Start, 5);

        Assert.Equal(new(PermitDecisionKind.Refused, 800_000 + Life), Ask(limiter, Start + 200_000));
    }

    [Fact]
    public void A_caller_that_waits_exactly_as_told_is_granted()
    {
        var limiter = Ready(new(PerSecond: 5));
        Grant(limiter, Start, 5);

        var refused = Ask(limiter, Start + 300_000);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start + 300_000 + refused.RetryAfter - 1).Kind);
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start + 300_000 + refused.RetryAfter).Kind);
    }

    [Fact]
    public void A_window_counts_fifty_milliseconds_longer_since_a_permit_may_be_used_that_late()
    {
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start + Second + Life - 1).Kind);
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start + Second + Life).Kind);
    }

    [Fact]
    public void A_window_counts_a_margin_longer_also_one_that_is_set_later()
    {
        var margin = TimeSpan.FromMilliseconds(70);
        var limiter = Ready(new(PerSecond: 1));
        Grant(limiter, Start, 1);

        limiter.Apply(new(PerSecond: 1, Margin: margin));

        Assert.Equal(new(PermitDecisionKind.Refused, 1), Ask(limiter, Start + Second + Life + 70_000 - 1));
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start + Second + Life + 70_000).Kind);
    }

    [Fact]
    public void The_window_slides_so_that_two_bursts_around_a_full_second_do_not_pass()
    {
        var limiter = Ready(new(PerSecond: 10));
        Grant(limiter, Start + 900_000, 10);

        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start + 1_100_000).Kind);
    }

    [Fact]
    public void Equal_timestamps_count_one_by_one()
    {
        var limiter = Ready(new(PerMinute: 100));

        var granted = Enumerable.Range(0, 150).Count(_ => Ask(limiter, Start).Kind == PermitDecisionKind.Granted);

        Assert.Equal(100, granted);
    }

    [Fact]
    public void After_silence_a_burst_of_the_whole_limit_passes_and_no_more()
    {
        var limiter = Ready(new(PerSecond: 5));
        Grant(limiter, Start, 5);

        var granted = Enumerable.Range(0, 20).Count(_ => Ask(limiter, Start + (3_600 * Second)).Kind == PermitDecisionKind.Granted);

        Assert.Equal(5, granted);
    }

    [Fact]
    public void The_longest_window_binds_when_it_is_the_one_that_is_full()
    {
        var limiter = Ready(new(PerSecond: 5, PerMinute: 7, PerHour: 8, PerDay: 9));
        Grant(limiter, Start, 5);
        Grant(limiter, Start + (2 * Second), 2);
        Grant(limiter, Start + (61 * Second), 1);
        Grant(limiter, Start + (3_602 * Second), 1);

        var refused = Ask(limiter, Start + (7_300 * Second));

        Assert.Equal(new(PermitDecisionKind.Refused, (86_400 * Second) + Life - (7_300 * Second)), refused);
    }

    [Fact]
    public void Above_ten_thousand_a_window_frees_permits_late_by_at_most_a_thousandth_of_it()
    {
        var limiter = Ready(new(PerMinute: 20_000));
        for (var i = 0; i < 20_000; i++)
            Grant(limiter, Start + i, 1);

        var refused = Ask(limiter, Start + 20_000);

        Assert.Equal(PermitDecisionKind.Refused, refused.Kind);
        Assert.InRange(refused.RetryAfter, (60 * Second) + Life - 20_000, (60 * Second) + Life - 20_000 + 60_000);
        Assert.InRange(limiter.Windows.All[1].Runs, 1, 2);
    }

    [Fact]
    public void A_hundred_thousand_random_cases_agree_with_a_plain_log_of_timestamps()
    {
        var random = new Random(20);
        for (var round = 0; round < 100_000; round++)
            OneCase(random, round);
    }

    [Fact]
    public void Above_ten_thousand_random_cases_never_pass_more_than_the_limit_and_hold_back_at_most_one_bucket()
    {
        var random = new Random(21);
        for (var round = 0; round < 20; round++)
        {
            var limit = 10_001 + random.Next(3_000);
            var limiter = Ready(new(PerSecond: limit));
            var (counted, countedLate) = (new Queue<long>(), new Queue<long>());
            var now = Start;
            for (var i = 0; i < 30_000; i++)
            {
                now += random.Next(100);
                Forget(counted, now - Second - Life);
                Forget(countedLate, now - Second - Life - 1_000);
                if (Ask(limiter, now).Kind == PermitDecisionKind.Granted)
                {
                    counted.Enqueue(now);
                    countedLate.Enqueue(now);
                    Assert.True(counted.Count <= limit, "passed more than the limit");
                }
                else
                {
                    Assert.True(countedLate.Count >= limit, "held back more than one bucket");
                }
            }
        }

        static void Forget(Queue<long> log, long until)
        {
            while (log.TryPeek(out var first) && first <= until)
                log.Dequeue();
        }
    }

    [Fact]
    public void A_pause_grants_nothing_until_it_ends_and_a_shorter_one_does_not_end_it()
    {
        var limiter = Ready(new(PerSecond: 5));
        limiter.Pause(Start, 3 * Second);
        limiter.Pause(Start, Second);

        Assert.Equal(new(PermitDecisionKind.Refused, 2 * Second), Ask(limiter, Start + Second));
        Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, Start + (3 * Second)).Kind);
    }

    [Fact]
    public void Changed_limits_keep_what_was_granted_also_in_a_window_that_was_not_limited_before()
    {
        var limiter = Ready(new(PerSecond: 10));
        Grant(limiter, Start, 10);
        Grant(limiter, Start + (2 * Second), 10);

        limiter.Apply(new(PerSecond: 10, PerMinute: 25));
        var granted = Enumerable.Range(0, 20).Count(_ => Ask(limiter, Start + (4 * Second)).Kind == PermitDecisionKind.Granted);

        Assert.Equal(5, granted);
    }

    [Fact]
    public void A_limit_lowered_and_raised_again_has_forgotten_nothing()
    {
        var limiter = Ready(new(PerMinute: 100));
        Grant(limiter, Start, 60);
        limiter.Apply(new(PerMinute: 10));
        Assert.Equal(PermitDecisionKind.Refused, Ask(limiter, Start + Second).Kind);
        limiter.Apply(new(PerMinute: 100));

        var granted = Enumerable.Range(0, 100).Count(_ => Ask(limiter, Start + Second).Kind == PermitDecisionKind.Granted);

        Assert.Equal(40, granted);
    }

    internal static LimiterRules Ready(RateLimits limits)
    {
        var limiter = new LimiterRules(limits);
        limiter.Reserve.BeginWrite(1_000_000_000);
        limiter.Reserve.Written();
        return limiter;
    }

    internal static PermitDecision Ask(LimiterRules limiter, long now, Guid ticket = default, bool background = false, int wait = 0) =>
        limiter.Acquire(new() { Ticket = ticket, Background = background, WaitMilliseconds = wait }, now);

    internal static void Grant(LimiterRules limiter, long now, int permits)
    {
        for (var i = 0; i < permits; i++)
            Assert.Equal(PermitDecisionKind.Granted, Ask(limiter, now).Kind);
    }

    private static void OneCase(Random random, int round)
    {
        var limits = RandomLimits(random);
        var limiter = Ready(limits);
        var log = new List<long>();
        var now = Start + random.NextInt64(Second);
        for (var i = 0; i < 24; i++)
        {
            var expected = PlainLog.FreeAt(log, limits, now);
            var decision = Ask(limiter, now);
            if (expected == now)
            {
                Assert.True(decision.Kind == PermitDecisionKind.Granted, $"case {round}, step {i}: {limits}");
                log.Add(now);
            }
            else
            {
                Assert.True(decision == new PermitDecision(PermitDecisionKind.Refused, expected - now), $"case {round}, step {i}: {limits}, {decision}, expected {expected - now}");
            }

            now += random.Next(6) switch
            {
                0 => 0,
                1 => random.NextInt64(10),
                2 => random.NextInt64(Second),
                3 => Math.Max(0, expected - now),
                4 => Math.Max(0, expected - now - 1),
                _ => random.NextInt64(10) == 0 ? random.NextInt64(90_000 * Second) : random.NextInt64(70 * Second),
            };
        }
    }

    private static RateLimits RandomLimits(Random random)
    {
        var limit = 0L;
        var limits = new long?[4];
        for (var i = 0; i < 4; i++)
            limits[i] = random.Next(2) == 0 ? limit = Math.Max(1, limit) + random.Next(4) : null;
        return new(limits[0], limits[1], limits[2], limits[3] ?? (limits[0] is null && limits[1] is null && limits[2] is null ? 3 : null));
    }
}
