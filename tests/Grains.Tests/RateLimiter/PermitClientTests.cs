using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public class PermitClientTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private readonly ManualTimeProvider _clock = new();
    private readonly ScriptedLimiter _limiter = new();

    [Fact]
    public async Task A_limiter_without_proof_is_asked_again_and_the_wait_for_a_permit_begins_with_the_proof()
    {
        var began = _clock.GetTimestamp();
        _limiter.Answer = _ => _clock.GetElapsedTime(began) < TimeSpan.FromSeconds(3) ? Unproven
            : _clock.GetElapsedTime(began) < TimeSpan.FromSeconds(3.5) ? new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 50 }
            : new() { Status = PermitStatus.Granted };

        var permit = await AcquireAsync(maxWait: TimeSpan.FromSeconds(1));

        Assert.Equal(PermitKind.Granted, permit.Kind);
        Assert.InRange(_clock.GetElapsedTime(began), TimeSpan.FromSeconds(3.5), TimeSpan.FromSeconds(3.7));
        Assert.InRange(_limiter.Asked[^1].WaitMilliseconds, 400, 550);
        Assert.Single(_limiter.Asked.Select(asked => asked.Ticket).Distinct());
    }

    [Fact]
    public async Task A_limiter_that_never_gets_its_proof_is_given_up_after_more_than_a_lease()
    {
        var began = _clock.GetTimestamp();
        _limiter.Answer = _ => Unproven;

        var permit = await AcquireAsync(maxWait: TimeSpan.FromMinutes(1));

        Assert.Equal((PermitKind.Refused, Pace, PermitHold.Away), (permit.Kind, permit.RetryAfter, permit.Hold));
        Assert.InRange(_clock.GetElapsedTime(began), PermitClient.ProofPatience, PermitClient.ProofPatience + (4 * Pace));
    }

    [Fact]
    public async Task Who_wants_an_answer_now_does_not_wait_for_the_proof()
    {
        _limiter.Answer = _ => Unproven;

        var permit = await AcquireAsync(maxWait: TimeSpan.Zero);

        Assert.Equal((PermitKind.Refused, 1), (permit.Kind, _limiter.Asked.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_limiter_whose_silo_is_lost_is_waited_for_until_another_has_it(bool isGone)
    {
        var began = _clock.GetTimestamp();
        _limiter.Answer = _ => _clock.GetElapsedTime(began) >= TimeSpan.FromSeconds(4) ? new() { Status = PermitStatus.Granted }
            : isGone ? throw new SiloUnavailableException("gone")
            : new() { Status = PermitStatus.NotOwner };

        var permit = await AcquireAsync(maxWait: TimeSpan.FromSeconds(1));

        Assert.Equal(PermitKind.Granted, permit.Kind);
        Assert.Single(_limiter.Asked.Select(asked => asked.Ticket).Distinct());
    }

    [Fact]
    public async Task A_limiter_whose_silo_is_lost_for_good_is_given_up()
    {
        _limiter.Answer = _ => throw new SiloUnavailableException("gone");

        var permit = await AcquireAsync(maxWait: TimeSpan.FromSeconds(1));

        Assert.Equal((PermitKind.Refused, PermitHold.Away), (permit.Kind, permit.Hold));
    }

    [Fact]
    public async Task A_pause_goes_to_the_silo_that_has_the_limiter()
    {
        var tries = 0;
        _limiter.OnPause = () => ++tries == 2;
        var client = new PermitClient(GrainsByKey.Of<IGrainFactory>((_, _) => _limiter), _clock);

        var pausing = client.PauseAsync("partner", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _clock.ActiveTimers > 0, cancellationToken: TestContext.Current.CancellationToken);
        _clock.Advance(Pace);

        await pausing.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task A_permit_that_took_longer_to_come_than_it_lives_is_asked_for_again()
    {
        _limiter.Answer = _ =>
        {
            if (_limiter.Asked.Count == 1)
                _clock.Advance(Permit.Life);
            return new() { Status = PermitStatus.Granted };
        };

        var permit = await AcquireAsync(maxWait: TimeSpan.FromSeconds(1));

        Assert.Equal((PermitKind.Granted, 2, _clock.GetTimestamp()), (permit.Kind, _limiter.Asked.Count, permit.AskedAt));
    }

    [Fact]
    public async Task Who_would_not_wait_for_the_limit_waits_for_its_record_and_for_a_permit_that_came_late()
    {
        _limiter.Answer = _ =>
        {
            if (_limiter.Asked.Count == 2)
                _clock.Advance(Permit.Life);
            return new() { Status = _limiter.Asked.Count == 1 ? PermitStatus.Recording : PermitStatus.Granted, RetryAfterMilliseconds = 5 };
        };

        var permit = await AcquireAsync(maxWait: TimeSpan.Zero);

        Assert.Equal((PermitKind.Granted, 3), (permit.Kind, _limiter.Asked.Count));
        Assert.All(_limiter.Asked, asked => Assert.Equal(0, asked.WaitMilliseconds));
    }

    [Fact]
    public async Task A_limiter_that_records_for_ever_is_given_up()
    {
        var began = _clock.GetTimestamp();
        _limiter.Answer = _ => new() { Status = PermitStatus.Recording, RetryAfterMilliseconds = 5 };

        var permit = await AcquireAsync(maxWait: TimeSpan.Zero);

        Assert.Equal((PermitKind.Refused, PermitHold.Away), (permit.Kind, permit.Hold));
        Assert.InRange(_clock.GetElapsedTime(began), PermitClient.ProofPatience, PermitClient.ProofPatience + (4 * Pace));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(100, 3)]
    public async Task A_limiter_that_never_answers_in_time_costs_who_does_not_wait_any_longer_one_more_permit(int maxWait, int permits)
    {
        _limiter.Answer = _ =>
        {
            _clock.Advance(Permit.Life);
            return new() { Status = PermitStatus.Granted };
        };

        var permit = await AcquireAsync(TimeSpan.FromMilliseconds(maxWait));

        Assert.Equal((PermitKind.Refused, PermitHold.Away, permits), (permit.Kind, permit.Hold, _limiter.Asked.Count));
    }

    [Fact]
    public async Task Who_gives_up_waiting_frees_the_place()
    {
        _limiter.Answer = _ => new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 50 };
        using var patience = new CancellationTokenSource();
        var client = new PermitClient(GrainsByKey.Of<IGrainFactory>((_, _) => _limiter), _clock);
        var acquiring = client.AcquireAsync("partner", background: false, TimeSpan.FromSeconds(1), patience.Token).AsTask();

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);
        Assert.Equal([1_000, -1], _limiter.Asked.Select(asked => asked.WaitMilliseconds));
        Assert.Single(_limiter.Asked.Select(asked => asked.Ticket).Distinct());
    }

    private static PermitReply Unproven => new() { Status = PermitStatus.Unproven, RetryAfterMilliseconds = 50 };

    private async Task<Permit> AcquireAsync(TimeSpan maxWait)
    {
        var client = new PermitClient(GrainsByKey.Of<IGrainFactory>((_, _) => _limiter), _clock);
        var acquiring = client.AcquireAsync("partner", background: false, maxWait, TestContext.Current.CancellationToken).AsTask();
        await Eventually.TrueAsync(() =>
        {
            if (!acquiring.IsCompleted && _clock.ActiveTimers > 0)
                _clock.Advance(Pace);
            return acquiring.IsCompleted;
        }, cancellationToken: TestContext.Current.CancellationToken);
        return await acquiring;
    }

    private sealed class ScriptedLimiter : IRateLimiterGrain
    {
        public List<PermitRequest> Asked { get; } = [];

        public Func<PermitRequest, PermitReply> Answer { get; set; } = _ => default;

        public ValueTask<PermitReply> AcquireAsync(PermitRequest request, CancellationToken cancellationToken = default)
        {
            Asked.Add(request);
            return new(Answer(request));
        }

        public Func<bool> OnPause { get; set; } = static () => true;

        public ValueTask<bool> PauseAsync(TimeSpan duration, CancellationToken cancellationToken = default) => new(OnPause());

        public ValueTask<RateLimiterDescription> DescribeAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
