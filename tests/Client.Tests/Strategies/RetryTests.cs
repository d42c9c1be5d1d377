using OrleansCache.Fakes;
using Polly;

namespace OrleansCache.Strategies;

/// <summary>Every knob of a strategy's retry, on a clock driven by hand.</summary>
public sealed class RetryTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeCluster _cluster = new();
    private readonly List<long> _attempts = [];

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Retry_is_off_unless_it_is_given()
    {
        await Assert.ThrowsAsync<IOException>(() => CallAsync(CacheStrategy.Ttl(Second), failures: 1));

        Assert.Single(_attempts);
    }

    [Fact]
    public async Task The_count_is_of_attempts_after_the_first_and_the_last_exception_is_thrown_as_it_came()
    {
        var e = await Assert.ThrowsAsync<IOException>(() => CallAsync(new(), failures: 9, new() { MaxRetryAttempts = 3, Delay = TimeSpan.Zero }));

        Assert.Equal(("attempt 4", 4), (e.Message, _attempts.Count));
    }

    [Theory]
    [InlineData(DelayBackoffType.Constant, 1000, 1000, 1000)]
    [InlineData(DelayBackoffType.Linear, 1000, 2000, 3000)]
    [InlineData(DelayBackoffType.Exponential, 1000, 2000, 4000)]
    public async Task Waits_are_constant_linear_or_exponential(DelayBackoffType kind, params int[] waits)
    {
        Assert.Equal(42, await CallAsync(new(), failures: 3, new() { MaxRetryAttempts = 3, Delay = Second, BackoffType = kind }));

        Assert.Equal(waits, Waits());
    }

    [Fact]
    public async Task No_wait_is_longer_than_MaxDelay_and_jitter_makes_waits_random()
    {
        await CallAsync(new(), failures: 3, new() { MaxRetryAttempts = 3, Delay = Second, BackoffType = DelayBackoffType.Exponential, MaxDelay = TimeSpan.FromSeconds(1.5) });
        Assert.Equal([1000, 1500, 1500], Waits());

        _attempts.Clear();
        await CallAsync(new(), failures: 3, new() { MaxRetryAttempts = 3, Delay = Second, BackoffType = DelayBackoffType.Constant, UseJitter = true, Randomizer = static () => 1 });
        Assert.Equal([1250, 1250, 1250], Waits());
    }

    [Fact]
    public async Task A_wait_of_ones_own_comes_from_the_DelayGenerator()
    {
        await CallAsync(new(), failures: 3, new() { MaxRetryAttempts = 3, DelayGenerator = static args => new(TimeSpan.FromMilliseconds(100 * (args.AttemptNumber + 1) * (args.AttemptNumber + 1))) });

        Assert.Equal([100, 400, 900], Waits());
    }

    [Fact]
    public async Task Retrying_stops_after_a_total_time_with_the_last_exception()
    {
        var e = await Assert.ThrowsAsync<IOException>(() => CallAsync(new() { Timeout = TimeSpan.FromSeconds(2.5) }, failures: 99, new() { MaxRetryAttempts = 99, Delay = Second, BackoffType = DelayBackoffType.Constant }));

        Assert.Equal(("attempt 3", 3), (e.Message, _attempts.Count));
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_given_up_and_tried_again()
    {
        var tries = 0;
        var strategy = new CacheStrategy { AttemptTimeout = Second, Retry = new() { MaxRetryAttempts = 1, Delay = TimeSpan.Zero } };

        var result = await _cluster.DriveAsync(_cluster.Cache.GetOrCreateAsync(FakeCluster.Key, async ct =>
        {
            if (tries++ == 0)
                await Task.Delay(Timeout.InfiniteTimeSpan, _cluster.Clock, ct);
            return 42;
        }, strategy));

        Assert.Equal((42, 2), (result.Value, tries));
    }

    [Fact]
    public async Task Only_the_named_exception_types_are_retried()
    {
        var retry = new CallRetryOptions { MaxRetryAttempts = 3, Delay = TimeSpan.Zero, ShouldHandle = new PredicateBuilder().Handle<TimeoutException>() };

        await Assert.ThrowsAsync<IOException>(() => CallAsync(new(), failures: 1, retry));

        Assert.Single(_attempts);
    }

    [Fact]
    public async Task Results_may_be_retried_too_and_the_last_one_is_returned()
    {
        var retry = new CallRetryOptions { MaxRetryAttempts = 2, Delay = TimeSpan.Zero, ShouldHandle = new PredicateBuilder().HandleResult(static result => result is "busy") };
        var tries = 0;

        var result = await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>(++tries < 3 ? "busy" : "done"), new CacheStrategy { Retry = retry });

        Assert.Equal(("done", 3), (result.Value, tries));
    }

    [Fact]
    public async Task Callbacks_run_before_each_attempt_after_it_and_before_each_wait()
    {
        var seen = new List<string>();
        var retry = new CallRetryOptions
        {
            MaxRetryAttempts = 1,
            Delay = Second,
            OnAttempt = attempt => Note($"before {attempt.AttemptNumber}"),
            OnAttempted = attempt => Note($"after {attempt.AttemptNumber}: {attempt.Exception?.Message ?? attempt.Result}"),
            OnRetry = args => Note($"waits {args.RetryDelay.TotalSeconds} s"),
        };

        await CallAsync(new(), failures: 1, retry);

        Assert.Equal(["before 0", "after 0: attempt 1", "waits 1 s", "before 1", "after 1: 42"], seen);
        ValueTask Note(string what)
        {
            seen.Add(what);
            return default;
        }
    }

    [Fact]
    public async Task What_is_thrown_at_the_end_may_be_an_exception_that_wraps_the_last()
    {
        var retry = new CallRetryOptions { MaxRetryAttempts = 2, Delay = TimeSpan.Zero, Wrap = static (e, attempts) => new InvalidOperationException($"gave up after {attempts}", e) };

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => CallAsync(new(), failures: 9, retry));

        Assert.Equal(("gave up after 3", "attempt 3"), (e.Message, e.InnerException!.Message));
    }

    [Theory]
    [InlineData(false, false, 1, 0)]
    [InlineData(false, true, 3, 0)]
    [InlineData(true, false, 1, 0)]
    [InlineData(true, true, 3, 2)]
    public async Task Limiter_and_retry_work_each_without_the_other_and_a_permit_is_taken_for_each_attempt(bool limited, bool retried, int attempts, int furtherPermits)
    {
        _cluster.Entry.OnRead = request => new(request.Limiter is null ? _cluster.Entry.Lease() : Lease(waitMilliseconds: 2_000));
        var strategy = new CacheStrategy { Limiter = limited ? "partner" : null, Retry = retried ? new() { MaxRetryAttempts = 2, Delay = TimeSpan.Zero } : null };

        await Assert.ThrowsAsync<IOException>(() => CallAsync(strategy, failures: 9));

        Assert.Equal((limited ? "partner" : null, attempts, furtherPermits), (_cluster.Entry.Reads.Single().Limiter, _attempts.Count, _cluster.Limiter.Asked.Count));
        Assert.All(_cluster.Limiter.Asked, asked => Assert.Equal(("partner", false), (asked.Name, asked.Request.Background)));
    }

    [Fact]
    public async Task An_attempt_that_gets_no_permit_is_the_last()
    {
        _cluster.Entry.OnRead = _ => new(Lease(waitMilliseconds: 0));
        _cluster.Limiter.Answer = static () => new() { Status = PermitStatus.Refused, RetryAfterMilliseconds = 700 };

        var e = await Assert.ThrowsAsync<IntegrationException>(() => CallAsync(new() { Limiter = "partner" }, failures: 9, new() { MaxRetryAttempts = 5, Delay = TimeSpan.Zero }));

        Assert.Equal(("limited", 700d, "attempt 1"), (e.Detail, e.RetryAfter?.TotalMilliseconds, e.InnerException!.Message));
        Assert.Single(_attempts);
        Assert.Single(_cluster.Limiter.Asked);
        Assert.Equal(ProblemKind.Limited, _cluster.Entry.Completions.Single().Problem!.Kind);
    }

    [Fact]
    public async Task An_attempt_that_gets_no_permit_is_made_all_the_same_where_a_miss_bypasses_the_limit()
    {
        _cluster.Entry.OnRead = _ => new(Lease(waitMilliseconds: 0, bypass: true));
        _cluster.Limiter.Answer = static () => default;

        Assert.Equal(42, await CallAsync(new() { Limiter = "partner" }, failures: 2, new() { MaxRetryAttempts = 5, Delay = TimeSpan.Zero }));

        Assert.Equal((3, 2), (_attempts.Count, _cluster.Limiter.Asked.Count));
    }

    [Fact]
    public async Task A_refresh_asks_for_its_further_permits_as_one_that_nobody_waits_for()
    {
        _cluster.Entry.OnRead = _ => new(FakeEntry.Hit("1") with { Status = ReadStatus.Stale, Ticket = Lease(waitMilliseconds: 2_000).Ticket });

        Assert.Equal(1, await CallAsync(new() { Limiter = "partner" }, failures: 1, new() { MaxRetryAttempts = 1, Delay = TimeSpan.Zero }));

        await TestSupport.Eventually.TrueAsync(() => !_cluster.Entry.Completions.IsEmpty);
        Assert.True(_cluster.Limiter.Asked.Single().Request is { Background: true, WaitMilliseconds: > 1_000 });
    }

    private Task<int> CallAsync(CacheStrategy strategy, int failures, CallRetryOptions retry) => CallAsync(strategy with { Retry = retry }, failures);

    private async Task<int> CallAsync(CacheStrategy strategy, int failures)
    {
        var result = await _cluster.DriveAsync(_cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "k"), _ =>
        {
            _attempts.Add(_cluster.Clock.GetTimestamp());
            return _attempts.Count <= failures ? throw new IOException($"attempt {_attempts.Count}") : new ValueTask<int>(42);
        }, strategy), TimeSpan.FromMilliseconds(10));
        _cluster.Entry.Value = null;
        return result.Value;
    }

    private ReadReply Lease(int waitMilliseconds, bool bypass = false)
    {
        var lease = _cluster.Entry.Lease();
        return lease with { Ticket = lease.Ticket! with { PermitWaitMilliseconds = waitMilliseconds, MayBypass = bypass } };
    }

    // The clock goes by 10 ms.
    private int[] Waits() =>
        [.. _attempts.Zip(_attempts.Skip(1), (before, after) => (int)Math.Round(_cluster.Clock.GetElapsedTime(before, after).TotalMilliseconds / 50) * 50)];
}
