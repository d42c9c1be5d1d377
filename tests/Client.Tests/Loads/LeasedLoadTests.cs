using OrleansCache.Fakes;
using OrleansCache.TestSupport;

namespace OrleansCache.Loads;

public class LeasedLoadTests
{
    private static readonly CacheKey Key = FakeCluster.Key;

    [Fact]
    public async Task The_options_travel_with_the_result()
    {
        await using var cluster = new FakeCluster();
        var options = new EntryOptions { FreshFor = TimeSpan.FromSeconds(1), StaleFor = Timeout.InfiniteTimeSpan, Jitter = 0.5, AbsentFor = TimeSpan.Zero, Sliding = TimeSpan.FromTicks(1), Tags = ["a", "b", "a"], Limiter = "partner" };

        await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1), options);

        Assert.Equal("partner", Assert.Single(cluster.Entry.Reads).Limiter);
        var lifetime = Assert.Single(cluster.Entry.Completions).Lifetime!;
        Assert.Equal((1000L, ReadReply.NoLifetime, 0.5, 0L, 1L), (lifetime.FreshMilliseconds, lifetime.StaleMilliseconds, lifetime.Jitter, lifetime.AbsentMilliseconds, lifetime.SlidingMilliseconds));
        Assert.Equal(["a", "b"], lifetime.Tags);
    }

    [Fact]
    public async Task Options_left_alone_follow_the_region()
    {
        await using var cluster = new FakeCluster();

        await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1));

        Assert.Null(Assert.Single(cluster.Entry.Completions).Lifetime);
    }

    [Fact]
    public async Task The_lease_is_renewed_each_third_of_its_time_until_the_factory_is_done()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        var load = cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(gate.Task)).AsTask();

        for (var i = 0; i < 5; i++)
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, cluster.Entry.Renewals.Count);
        gate.SetResult(1);
        await load;

        Assert.Equal(0, cluster.Clock.ActiveTimers);
    }

    [Fact]
    public async Task A_renewal_that_is_refused_is_the_last_and_one_that_fails_is_not()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        cluster.Entry.OnRenew = _ => throw new SiloUnavailableException("away");
        var load = cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(gate.Task)).AsTask();
        cluster.Clock.Advance(TimeSpan.FromSeconds(2));
        cluster.Entry.OnRenew = _ => new(false);
        cluster.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(3, cluster.Entry.Renewals.Count);
        gate.SetResult(1);
        Assert.Equal(1, (await load).Value);
    }

    [Fact]
    public async Task A_renewal_that_has_no_answer_yet_is_not_followed_by_another()
    {
        await using var cluster = new FakeCluster();
        var (gate, renewed) = (new TaskCompletionSource<int>(), new TaskCompletionSource<bool>());
        cluster.Entry.OnRenew = _ => new(renewed.Task);
        var load = cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(gate.Task)).AsTask();

        cluster.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Single(cluster.Entry.Renewals);

        renewed.SetResult(true);
        await Eventually.TrueAsync(() =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return cluster.Entry.Renewals.Count > 1;
        });
        gate.SetResult(1);
        await load;
    }

    [Fact]
    public async Task A_refresh_that_comes_with_a_value_of_another_type_is_given_back_and_the_value_removed()
    {
        await using var cluster = new FakeCluster();
        var refresh = cluster.Entry.Ticket();
        cluster.Entry.OnRead = _ => new(cluster.Entry.Reads.Count == 1
            ? FakeEntry.Hit("\"text\"", 7) with { Status = ReadStatus.Stale, Ticket = refresh }
            : cluster.Entry.Lease());

        var result = await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1));

        Assert.Equal(1, result.Value);
        Assert.Equal(LoadResultKind.Failed, cluster.Entry.Completions.Single(completion => completion.Ticket?.Number == refresh.Number).Kind);
        Assert.Equal(7, Assert.Single(cluster.Entry.Removals).Version);
    }

    [Fact]
    public async Task A_result_that_comes_too_late_goes_to_its_caller_unstored()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnComplete = _ => new(new LoadReply { Detail = "lease-lost", Value = FakeEntry.Json("2", 9) });

        var result = await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1));

        Assert.Equal((1, Outcome.Loaded, 0L), (result.Value, result.Outcome, result.Version));
    }

    [Theory]
    [InlineData(3_000, 3)]
    [InlineData(30_000, 10)]
    public async Task An_owner_that_dies_during_the_load_costs_the_store_and_not_the_value_and_no_longer_than_a_lease_or_a_call(int lease, int seconds)
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(cluster.Entry.Lease(lease));
        var began = cluster.Clock.GetTimestamp();
        var last = TimeSpan.Zero;
        cluster.Entry.OnComplete = _ =>
        {
            last = cluster.Clock.GetElapsedTime(began);
            throw new SiloUnavailableException("away");
        };

        var result = await cluster.DriveAsync(cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1)));

        Assert.Equal((1, 0L), (result.Value, result.Version));
        Assert.InRange(last.TotalSeconds, seconds - 1, seconds + 2);
        Assert.Single(cluster.Entry.Completions.Select(c => c.OperationId).Distinct());
    }

    [Fact]
    public async Task The_owner_learns_why_a_factory_failed()
    {
        await using var cluster = new FakeCluster();

        await Assert.ThrowsAsync<HttpRequestException>(() => cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new HttpRequestException("no", null, System.Net.HttpStatusCode.BadGateway)).AsTask());
        await Assert.ThrowsAsync<TaskCanceledException>(() => cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new TaskCanceledException()).AsTask());

        var problems = cluster.Entry.Completions.Select(c => c.Problem!).ToArray();
        Assert.Equal((ProblemKind.OriginFailed, "origin-502", 502), (problems[0].Kind, problems[0].Detail, problems[0].StatusCode));
        Assert.Equal((ProblemKind.Timeout, "timeout"), (problems[1].Kind, problems[1].Detail));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stale_value_is_served_when_the_factory_fails(bool withTheLease)
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(cluster.Entry.Lease() with { Value = withTheLease ? FakeEntry.Json("1", 3) : null });
        cluster.Entry.OnComplete = _ => new(new LoadReply { Value = withTheLease ? null : FakeEntry.Json("1", 3), FreshMilliseconds = -5 });

        var result = await cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new InvalidOperationException());

        Assert.Equal((1, Outcome.Stale, 3L), (result.Value, result.Outcome, result.Version));
    }

    [Fact]
    public async Task A_stale_value_is_answered_at_once_and_its_refresh_runs_behind_it()
    {
        await using var cluster = new FakeCluster();
        var gate = new TaskCompletionSource<int>();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("1", 3) with { Status = ReadStatus.Stale, Ticket = cluster.Entry.Ticket() });

        var result = await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(gate.Task)).AsTask().WaitAsync(Eventually.Deadline);

        Assert.Equal((1, Outcome.Stale), (result.Value, result.Outcome));
        Assert.Empty(cluster.Entry.Completions);
        gate.SetResult(2);
        await Eventually.TrueAsync(() => !cluster.Entry.Completions.IsEmpty);
        Assert.Equal("2"u8.ToArray(), cluster.Entry.Completions.Single().Bytes);
    }

    [Fact]
    public async Task A_refresh_that_fails_behind_a_stale_value_is_told_to_the_owner_only()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("1") with { Status = ReadStatus.Stale, Ticket = cluster.Entry.Ticket() });

        var result = await cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new InvalidOperationException());

        Assert.Equal(1, result.Value);
        await Eventually.TrueAsync(() => !cluster.Entry.Completions.IsEmpty);
        Assert.Equal(LoadResultKind.Failed, cluster.Entry.Completions.Single().Kind);
    }

    [Fact]
    public async Task A_permit_that_lapsed_on_its_way_is_not_used()
    {
        await using var cluster = new FakeCluster();
        var factories = 0;
        cluster.Entry.OnRead = _ =>
        {
            var first = cluster.Entry.Reads.Count == 1;
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(first ? 50 : 49));
            return new(cluster.Entry.Lease(permitMilliseconds: 50));
        };

        await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(++factories), new() { Limiter = "partner" });

        Assert.Equal((1, 2), (factories, cluster.Entry.Reads.Count));
        Assert.Equal([LoadResultKind.Failed, LoadResultKind.Value], cluster.Entry.Completions.Select(c => c.Kind));
        Assert.Null(cluster.Entry.Completions.First().Problem);
        Assert.Single(cluster.Entry.Reads.Select(r => r.OperationId).Distinct());
    }

    [Fact]
    public async Task A_refresh_whose_permit_lapsed_does_not_run()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ =>
        {
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(50));
            return new(FakeEntry.Hit("1") with { Status = ReadStatus.Stale, Ticket = cluster.Entry.Ticket(permitMilliseconds: 50) });
        };

        await cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new InvalidOperationException("ran"), new() { Limiter = "partner" });

        await Eventually.TrueAsync(() => !cluster.Entry.Completions.IsEmpty);
        Assert.Null(cluster.Entry.Completions.Single().Problem);
    }

    [Fact]
    public async Task A_null_is_absence()
    {
        await using var cluster = new FakeCluster();

        var loaded = await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<string?>((string?)null), new() { AbsentFor = TimeSpan.FromMinutes(1) });
        var read = await cluster.Cache.GetAsync<string>(Key);

        Assert.Equal(LoadResultKind.Absent, cluster.Entry.Completions.Single().Kind);
        Assert.Equal((null, Outcome.Loaded, true), (loaded.Value, loaded.Outcome, loaded.HasValue));
        Assert.Equal((null, Outcome.Hit), (read.Value, read.Outcome));
    }

    [Fact]
    public async Task A_value_over_the_limit_goes_to_its_callers_unstored()
    {
        await using var cluster = new FakeCluster();

        var result = await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<byte[]>(new byte[ValueCodecs.MaxBytes + 1]));

        Assert.Equal((ValueCodecs.MaxBytes + 1, 0L), (result.Value!.Length, result.Version));
        var told = cluster.Entry.Completions.Single();
        Assert.Equal((LoadResultKind.Failed, ProblemKind.TooLarge, null), (told.Kind, told.Problem!.Kind, told.Bytes));
        Assert.Contains("8388609", told.Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_store_the_factorys_value_is_given_unstored()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable } });

        Assert.Equal((1, 0L), await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1)) is var r ? (r.Value, r.Version) : default);
        await Assert.ThrowsAsync<CacheUnavailableException>(() => cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1), new() { Limiter = "partner" }).AsTask());
        Assert.Empty(cluster.Entry.Completions);
    }

    [Theory]
    [InlineData(ProblemKind.Limited)]
    [InlineData(ProblemKind.BreakerOpen)]
    [InlineData(ProblemKind.Overloaded)]
    internal async Task A_refusal_is_a_value_with_its_time(ProblemKind kind)
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = kind, RetryAfterMilliseconds = 700 } });

        var result = await cluster.Cache.GetOrCreateAsync<int>(Key, _ => throw new InvalidOperationException("ran"));

        Assert.Equal((Outcome.Refused, TimeSpan.FromMilliseconds(700), false), (result.Outcome, result.RetryAfter, result.HasValue));
    }

    [Fact]
    public async Task A_load_that_failed_elsewhere_is_told_as_a_problem()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.OriginFailed, Detail = "origin-503", StatusCode = 503, Message = "down", RetryAfterMilliseconds = 100 } });

        var e = await Assert.ThrowsAsync<IntegrationException>(() => cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1)).AsTask());

        Assert.Equal(("origin-503", 503, TimeSpan.FromMilliseconds(100), "down"), (e.Detail, e.StatusCode, e.RetryAfter, e.Message));
    }

    [Fact]
    public async Task A_stored_value_of_another_type_is_removed_and_loaded_again()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.Value = FakeEntry.Json("\"text\"", 5);

        var result = await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1));

        Assert.Equal((1, Outcome.Loaded), (result.Value, result.Outcome));
        var removal = Assert.Single(cluster.Entry.Removals);
        Assert.Equal((ConditionKind.IfVersion, 5L), (removal.Condition, removal.Version));
        Assert.Single(cluster.Entry.Completions);
    }

    [Fact]
    public async Task A_value_that_others_keep_writing_in_another_type_is_loaded_unshared()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("\"text\"", 5));

        Assert.Equal(1, (await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1))).Value);
        Assert.Equal(3, cluster.Entry.Reads.Count);
    }

    [Fact]
    public async Task A_load_without_a_lease_takes_a_permit_of_its_own()
    {
        await using var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("{", version: 3));

        await cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(5), new() { Limiter = "partner" });

        Assert.Equal("partner", Assert.Single(cluster.Limiter.Asked).Name);
    }

    [Theory]
    [InlineData("FreshFor")]
    [InlineData("StaleFor")]
    [InlineData("Jitter")]
    [InlineData("AbsentFor")]
    [InlineData("Sliding")]
    [InlineData("Limiter")]
    [InlineData("tag")]
    public async Task A_wrong_option_is_named_before_anything_happens(string field)
    {
        await using var cluster = new FakeCluster();
        var less = TimeSpan.FromSeconds(-3);
        var options = field switch
        {
            "FreshFor" => new EntryOptions { FreshFor = TimeSpan.Zero },
            "StaleFor" => new() { StaleFor = less },
            "Jitter" => new() { Jitter = double.NaN },
            "AbsentFor" => new() { AbsentFor = less },
            "Sliding" => new() { Sliding = TimeSpan.Zero },
            "Limiter" => new() { Limiter = "" },
            _ => new() { Tags = ["a,b"] },
        };

        var e = await Assert.ThrowsAnyAsync<ArgumentException>(() => cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1), options).AsTask());
        Assert.Contains(field, e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => cluster.Cache.SetAsync(Key, 1, options).AsTask());
        Assert.Empty(cluster.Entry.Reads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closing_the_client_ends_the_wait_for_a_permit_without_a_lease(bool isLimiterAway)
    {
        var cluster = new FakeCluster();
        cluster.Entry.OnRead = _ => new(FakeEntry.Hit("{", version: 3));
        cluster.Limiter.Fault = isLimiterAway ? new SiloUnavailableException("away") : null;
        cluster.Limiter.Description = new() { OnMiss = OnMiss.Wait, MaxWaitMilliseconds = 60_000 };
        cluster.Limiter.Answer = static () => new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 1_000 };
        var load = cluster.Cache.GetOrCreateAsync(Key, _ => new ValueTask<int>(1), new() { Limiter = "partner" }).AsTask();
        await Eventually.TrueAsync(() => cluster.Clock.ActiveTimers > 0);

        await cluster.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task Closing_the_client_ends_the_factories_that_run()
    {
        var cluster = new FakeCluster();
        var load = cluster.Cache.GetOrCreateAsync(Key, async ct =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cluster.Clock, ct);
            return 1;
        }).AsTask();

        await cluster.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
    }
}
