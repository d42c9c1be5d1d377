using System.Text;
using OrleansCache.Fakes;

namespace OrleansCache.Strategies;

/// <summary>What becomes of a call's result.</summary>
public sealed class ResultRuleTests : IAsyncDisposable
{
    private static readonly CacheStrategy Minute = CacheStrategy.Ttl(TimeSpan.FromMinutes(1));
    private readonly FakeCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private LoadCompletion Completion => Assert.Single(_cluster.Entry.Completions);

    [Fact]
    public async Task A_result_that_a_validator_refuses_is_returned_and_not_stored()
    {
        var result = await CallAsync("maintenance", Minute.ShouldCache<string>(static page => page != "maintenance"));

        Assert.Equal(("maintenance", LoadResultKind.DoNotStore), (result.Value, Completion.Kind));
    }

    [Fact]
    public async Task A_filter_changes_a_result_before_it_is_stored_and_all_callers_get_what_is_stored()
    {
        var result = await CallAsync(" page ", Minute.Filter<string>(static page => page.Trim()).Filter<string>(static page => page + "!"));

        Assert.Equal(("page!", "page!"), (result.Value, Encoding.UTF8.GetString(Completion.Bytes!)));
    }

    [Fact]
    public async Task A_cached_value_that_is_not_valid_counts_as_a_miss_and_is_loaded_anew_once()
    {
        _cluster.Entry.Value = FakeEntry.Json("\"old\"", 7);
        var strategy = Minute.Validate<string>(static page => page != "\"old\"");

        Assert.Equal(("new", Outcome.Loaded), await CallAsync("new", strategy) is var first ? (first.Value, first.Outcome) : default);
        Assert.Equal(("new", Outcome.Hit), await CallAsync("newer", strategy) is var second ? (second.Value, second.Outcome) : default);
        Assert.Equal(7, Assert.Single(_cluster.Entry.Removals).Version);
    }

    [Fact]
    public async Task A_loaded_value_that_is_not_valid_is_returned_and_not_stored()
    {
        var result = await CallAsync("bad", Minute.Validate<string>(static page => page != "bad"));

        Assert.Equal(("bad", LoadResultKind.DoNotStore), (result.Value, Completion.Kind));
    }

    [Fact]
    public async Task A_value_that_another_process_stores_again_and_again_is_not_removed_for_ever()
    {
        var version = 0L;
        _cluster.Entry.OnRead = _ => new(FakeEntry.Hit("\"bad\"", ++version));

        var result = await CallAsync("good", Minute.Validate<string>(static _ => false));

        Assert.Equal(("good", 1, 2L), (result.Value, _cluster.Entry.Removals.Count, version));
    }

    [Fact]
    public async Task What_a_load_elsewhere_just_gave_and_nobody_stores_is_returned_though_it_is_not_valid()
    {
        _cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Joined, Value = FakeEntry.Json("\"bad\"", version: 0) });

        var result = await _cluster.Cache.GetOrCreateAsync<string?>(
            FakeCluster.Key, _ => throw new InvalidOperationException("The origin has just been asked."), Minute.Validate<string>(static _ => false));

        Assert.Equal(("\"bad\"", Outcome.Loaded), (result.Value, result.Outcome));
    }

    [Fact]
    public async Task A_stale_value_after_a_failed_load_is_served_only_if_it_is_valid()
    {
        _cluster.Entry.OnComplete = _ => new(new LoadReply { Value = FakeEntry.Json("\"old\"", 7) });

        ValueTask<CacheResult<string>> CallAsync(string invalid) => _cluster.Cache.GetOrCreateAsync<string>(
            FakeCluster.Key, _ => throw new IOException("down"), Minute.Validate<string>(page => page != invalid));

        Assert.Equal("\"old\"", (await CallAsync("other")).Value);
        Assert.Equal("down", (await Assert.ThrowsAsync<IOException>(() => CallAsync("\"old\"").AsTask())).Message);
    }

    [Fact]
    public async Task A_value_that_a_circle_reads_is_served_only_if_it_is_valid()
    {
        _cluster.Entry.OnRead = r => new(r.Load is LoadMode.None ? FakeEntry.Hit("\"old\"") : _cluster.Entry.Lease());
        var strategy = Minute.Validate<string>(static page => page != "\"old\"");

        var result = await _cluster.Cache.GetOrCreateAsync(
            FakeCluster.Key, async _ => (await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string>("inner"), strategy)).Value + "!", strategy);

        Assert.Equal("inner!", result.Value);
    }

    [Fact]
    public async Task A_filter_of_a_base_class_is_for_calls_that_return_a_derived_one_too()
    {
        var strategy = Minute.Filter<Page>(static page => page with { Text = page.Text.Trim() });

        var result = await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<HtmlPage>(new HtmlPage(" text ", "en")), strategy);

        Assert.Equal(new HtmlPage("text", "en"), result.Value);
        Assert.Contains("en", Encoding.UTF8.GetString(Completion.Bytes!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_that_gives_another_class_than_the_call_returns_is_told_so()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => _cluster.Cache.GetOrCreateAsync(
            FakeCluster.Key, _ => new ValueTask<HtmlPage>(new HtmlPage("text", "en")), Minute.Filter<Page>(static page => new Page(page.Text))).AsTask());

        Assert.Contains("return one of that", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_hold_for_the_results_of_their_type_and_of_classes_derived_from_it()
    {
        var strategy = Minute.ShouldCache<object>(static _ => false).ShouldCache<int>(static _ => false);

        await CallAsync("text", strategy);
        Assert.Equal(LoadResultKind.DoNotStore, Completion.Kind);
        _cluster.Entry.Completions.Clear();
        await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<long>(1), strategy);
        Assert.Equal(LoadResultKind.Value, Completion.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("false")]
    public async Task Empty_text_is_a_value(string value)
    {
        Assert.Equal(value, (await CallAsync(value, Minute)).Value);
        Assert.Equal(LoadResultKind.Value, Completion.Kind);
    }

    [Fact]
    public async Task False_and_zero_and_an_empty_list_are_values()
    {
        await _cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "a"), _ => new ValueTask<bool>(false), Minute);
        await _cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "b"), _ => new ValueTask<int>(0), Minute);
        await _cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "c"), _ => new ValueTask<int[]>([]), Minute);

        foreach (var key in new[] { "a", "b", "c" })
            Assert.Equal(LoadResultKind.Value, Assert.Single(_cluster.EntryOf(CacheKey.Of("r", key)).Completions).Kind);
    }

    [Fact]
    public async Task Null_is_absence_with_a_lifetime_of_its_own_or_that_of_any_value()
    {
        await CallAsync(null, Minute with { AbsentFor = TimeSpan.FromSeconds(5) });
        await _cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "b"), _ => new ValueTask<string?>((string?)null), Minute);

        Assert.Equal((LoadResultKind.Absent, 5_000L), (Completion.Kind, Completion.Lifetime!.AbsentMilliseconds));
        Assert.Equal(60_000L, _cluster.EntryOf(CacheKey.Of("r", "b")).Completions.Single().Lifetime!.AbsentMilliseconds);
    }

    [Fact]
    public async Task A_result_may_set_its_own_lifetime_and_tags()
    {
        var strategy = (Minute with { Tags = ["pages"] }).Adapt<string>(static (page, load) =>
        {
            load.FreshFor = TimeSpan.FromSeconds(page.Length);
            load.AddTags("page:" + page);
        });

        await CallAsync("four", strategy);

        Assert.Equal(4_000, Completion.Lifetime!.FreshMilliseconds);
        Assert.Equal(["pages", "page:four"], Completion.Lifetime.Tags);
    }

    [Fact]
    public async Task A_factory_without_a_strategy_may_say_how_its_result_lives_too()
    {
        await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, async ct =>
        {
            await Task.Yield();
            LoadContext.Current!.StaleFor = TimeSpan.FromSeconds(3);
            LoadContext.Current.AddTags("own");
            return "page";
        });
        await _cluster.Cache.GetOrCreateAsync(CacheKey.Of("r", "b"), _ =>
        {
            LoadContext.Current!.DoNotStore = true;
            return new ValueTask<string>("secret");
        });

        Assert.Equal((3_000L, null), (Completion.Lifetime!.StaleMilliseconds, Completion.Lifetime.FreshMilliseconds));
        Assert.Equal(["own"], Completion.Lifetime.Tags);
        Assert.Equal(LoadResultKind.DoNotStore, _cluster.EntryOf(CacheKey.Of("r", "b")).Completions.Single().Kind);
        Assert.Null(LoadContext.Current);
    }

    [Fact]
    public async Task A_null_that_is_not_stored_is_one_for_those_who_wait_elsewhere_too()
    {
        await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ =>
        {
            LoadContext.Current!.DoNotStore = true;
            return new ValueTask<int[]?>((int[]?)null);
        });

        Assert.True(_cluster.Get<ValueCodecs>().TryDecode<int[]>(new() { Bytes = Completion.Bytes!, ContentType = Completion.ContentType }, out var value, out _));
        Assert.Null(value);
    }

    [Fact]
    public async Task What_a_failed_attempt_said_of_its_result_is_forgotten()
    {
        var tries = 0;
        await _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ =>
        {
            if (tries++ > 0)
                return new ValueTask<int>(1);
            LoadContext.Current!.DoNotStore = true;
            LoadContext.Current.AddTags("failed");
            throw new IOException();
        }, Minute with { Retry = new() { MaxRetryAttempts = 1, Delay = TimeSpan.Zero } });

        Assert.Equal(LoadResultKind.Value, Completion.Kind);
        Assert.Empty(Completion.Lifetime!.Tags);
    }

    [Fact]
    public void A_strategy_is_compiled_once_for_all_calls_whatever_their_tags_and_a_changed_copy_anew()
    {
        var parts = _cluster.Get<CallPlanParts>();

        Assert.Same(Minute.PlanOf<int>(parts), Minute.For(["page:7"]).PlanOf<int>(parts));
        Assert.NotSame(Minute.PlanOf<int>(parts), (Minute with { Retry = new() }).PlanOf<int>(parts));
    }

    [Fact]
    public void A_lifetime_that_cannot_be_is_refused_where_it_is_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LoadContext { FreshFor = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LoadContext { StaleFor = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LoadContext { AbsentFor = TimeSpan.FromSeconds(-1) });
    }

    [Fact]
    public async Task A_strategy_that_cannot_hold_is_refused_with_field_and_remedy()
    {
        var cache = _cluster.Cache;
        Refused("Strategy is Eager", new() { Strategy = Strategy.Eager });
        Refused("FreshFor", new() { Strategy = Strategy.Background });
        Refused("StaleFor", new() { Strategy = Strategy.Background, FreshFor = TimeSpan.FromSeconds(1) });
        Refused("AttemptTimeout", new() { Timeout = TimeSpan.FromSeconds(1), AttemptTimeout = TimeSpan.FromSeconds(2) });
        Refused("CacheStrategy.Timeout is 00:00:00.0010000; set it between 00:00:00.0100000 and 1.00:00:00", new() { Timeout = TimeSpan.FromMilliseconds(1) });
        Refused("CacheStrategy.Timeout is 2.00:00:00", new() { Timeout = TimeSpan.FromDays(2) });
        Refused("CacheStrategy.AttemptTimeout is 00:00:00.0010000", new() { AttemptTimeout = TimeSpan.FromMilliseconds(1) });
        Refused("MaxRetryAttempts", new() { Retry = new() { MaxRetryAttempts = 0 } });
        Refused("no such argument", new() { Tags = ["page:{name}"] });
        await Task.CompletedTask;

        void Refused(string word, CacheStrategy strategy) =>
            Assert.Contains(word, Assert.ThrowsAny<ArgumentException>(() => cache.Decorate("simi", "getHtml", static (string id, CancellationToken ct) => Task.FromResult(id), strategy)).Message, StringComparison.Ordinal);
    }

    private ValueTask<CacheResult<string?>> CallAsync(string? value, CacheStrategy strategy) =>
        _cluster.Cache.GetOrCreateAsync(FakeCluster.Key, _ => new ValueTask<string?>(value), strategy);

    private record Page(string Text);

    private sealed record HtmlPage(string Text, string Language) : Page(Text);
}
