using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansCache.Fakes;

namespace OrleansCache.Decorators;

/// <summary>An interface with attributes, injected with the cache in front of it.</summary>
public sealed class InterfaceTests : IAsyncDisposable
{
    private const string Methods = "OrleansCache:Integrations:partner:Methods";
    private readonly Dictionary<string, string?> _settings = [];
    private readonly PatientLog _log = new();
    private IConfigurationRoot? _configuration;
    private FakeCluster? _cluster;

    private IPatients Patients => Cluster.Get<IPatients>();

    private FakeCluster Cluster => _cluster ??= Made();

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Who_injects_the_interface_gets_the_cached_one_and_the_body_stays_the_users_own()
    {
        Assert.Equal("name 1", (await Patients.GetPatientAsync("7"))!.Name);
        Assert.Equal("name 1", (await Patients.GetPatientAsync("7"))!.Name);

        Assert.Equal(["patient 7"], _log.Seen);
        var (read, lifetime) = (Entry("GetPatient", ("id", "7")).Reads.First(), Entry("GetPatient", ("id", "7")).Completions.Single().Lifetime!);
        Assert.Equal((Strategy.Background, 30_000L, 3_600_000L, 5_000L, 0.1), (read.Strategy, lifetime.FreshMilliseconds, lifetime.StaleMilliseconds, lifetime.AbsentMilliseconds, lifetime.Jitter));
        Assert.Equal(["patients", "patient:7"], lifetime.Tags);
    }

    [Fact]
    public async Task Positional_and_named_arguments_agree_and_defaults_are_bound()
    {
        var first = await Patients.GetHtmlAsync("7", 1, false, CancellationToken.None);

        Assert.Equal(first, await Patients.GetHtmlAsync(isLong: false, id: "7"));
        Assert.Equal(first, await Patients.GetHtmlAsync(page: 1, id: "7", ct: new CancellationTokenSource().Token));
        Assert.NotEqual(first, await Patients.GetHtmlAsync("7", isLong: true));

        Assert.Equal(["html 7 1 False", "html 7 1 True"], _log.Seen);
        Assert.Single(Entry("getHtml", ("id", "7"), ("isLong", false), ("page", 1)).Completions);
    }

    [Fact]
    public async Task A_method_follows_the_strategy_that_it_names()
    {
        _log.FailuresLeft = 1;

        Assert.Equal("7/1/False/2", await Patients.GetHtmlAsync("7"));

        var entry = Entry("getHtml", ("id", "7"), ("isLong", false), ("page", 1));
        Assert.Equal(("simi", 10_000L), (entry.Reads.Single().Limiter, entry.Completions.Single().Lifetime!.FreshMilliseconds));
    }

    [Fact]
    public async Task Arguments_of_a_type_without_a_text_have_a_key_function_and_tags_of_their_members()
    {
        Assert.Equal(1, await Patients.CountAsync(new("ada", null)));
        Assert.Equal(1, await Patients.CountAsync(new("ada", null)));

        Assert.Equal(["user:ada"], Cluster.EntryOf(Cluster.Cache.KeyOf("partner", "Count", "search of ada")).Completions.Single().Lifetime!.Tags);
    }

    [Fact]
    public async Task A_methods_version_is_what_another_method_of_the_interface_says()
    {
        Assert.Equal(("history 7/1 of call 1", "history 7/1 of call 1"), (await Patients.GetHistoryAsync("7"), await Patients.GetHistoryAsync("7")));
        _log.Version = "v2";
        Assert.Equal("history 7/1 of call 2", await Patients.GetHistoryAsync("7"));

        Assert.Equal("v2", Entry("GetHistory", ("id", "7"), ("page", 1)).OriginVersion);
        _log.Version = null;
        await Patients.GetHistoryAsync("8");
        Assert.Equal("-1", Entry("GetHistory", ("id", "8"), ("page", 1)).OriginVersion);
    }

    [Fact]
    public async Task Configuration_says_what_a_failing_version_does_and_what_stands_for_no_history()
    {
        _settings[$"{Methods}:GetHistory:Version:OnFailure"] = "Serve";
        _settings[$"{Methods}:GetHistory:Version:Default"] = "none";
        _log.Version = null;
        await Patients.GetHistoryAsync("7");
        _log.VersionFails = true;

        Assert.Equal("history 7/1 of call 1", await Patients.GetHistoryAsync("7"));
        Assert.Equal("none", Entry("GetHistory", ("id", "7"), ("page", 1)).OriginVersion);
    }

    [Fact]
    public async Task A_version_is_not_asked_for_where_configuration_sets_another_strategy()
    {
        _settings[$"{Methods}:GetHistory:Strategy"] = "Ttl";
        _log.VersionFails = true;

        await Patients.GetHistoryAsync("7");

        Assert.Null(Entry("GetHistory", ("id", "7"), ("page", 1)).Reads.Single().OriginVersion);
    }

    [Fact]
    public async Task A_method_raises_its_tags_after_it_succeeded_and_not_when_it_throws()
    {
        await Patients.SaveAsync(new("7", "Ada"));
        await Assert.ThrowsAsync<FormatException>(() => Patients.SaveAsync(new("8", "")));

        Assert.Equal(["patient:7", "patients"], Assert.Single(Cluster.Tags.Raised));
        Assert.Equal(["save 7", "save 8"], _log.Seen);
    }

    [Fact]
    public async Task Attributes_make_tags_of_any_argument_the_same_for_who_reads_and_who_writes()
    {
        await Patients.GetPatientAsync("a,b");
        await Patients.SaveAsync(new("a,b", "Ada"));

        Assert.Equal(["patients", "patient:a%2Cb"], Entry("GetPatient", ("id", "a,b")).Completions.Single().Lifetime!.Tags);
        Assert.Equal(["patient:a%2Cb", "patients"], Assert.Single(Cluster.Tags.Raised));
    }

    [Fact]
    public async Task A_method_removes_the_value_of_another_for_the_same_arguments()
    {
        await Patients.GetHtmlAsync("7", 2);
        await Patients.GetHtmlAsync("8", 2);

        Assert.True(await Patients.RenderAsync("7", 2, false, "me"));

        Assert.Single(Entry("getHtml", ("id", "7"), ("isLong", false), ("page", 2)).Removals);
        Assert.Equal("8/2/False/2", await Patients.GetHtmlAsync("8", 2));
        Assert.Equal("7/2/False/3", await Patients.GetHtmlAsync("7", 2));
    }

    [Fact]
    public void What_has_no_attribute_passes_through()
    {
        var patients = Patients;
        var (count, changes) = (4, 0);
        patients.Changed += () => changes++;
        patients.Size = 3;

        Assert.Equal(("1 5", "2 6"), (patients.Uncached(ref count), patients.Uncached(ref count)));
        Assert.Equal((3, 8), (patients.Size, patients.Echo(8)));
        Assert.Equal((6, 0), (count, changes));
    }

    [Fact]
    public async Task Each_load_has_an_instance_in_a_scope_of_its_own_that_ends_with_it()
    {
        var open = 0;
        await using var cluster = new FakeCluster(services => services.AddSingleton(_log)
            .AddScoped(_ => new Scoped(() => open++, () => open--))
            .AddTransient(provider => { provider.GetRequiredService<Scoped>(); return new Patients(_log); })
            .AddIntegration<IPatients, Patients>("partner", Configure));

        await cluster.Get<IPatients>().GetPatientAsync("7");
        await cluster.Get<IPatients>().GetPatientAsync("7");

        Assert.Equal((0, 1), (open, _log.Count));
    }

    [Fact]
    public async Task Configuration_wins_over_attributes()
    {
        _settings[$"{Methods}:GetPatient:FreshFor"] = "00:00:07";
        _settings[$"{Methods}:GetPatient:Strategy"] = "Ttl";
        _settings[$"{Methods}:GetPatient:Tags:0"] = "p:{id}";
        _settings[$"{Methods}:getHtml:Retry:MaxRetryAttempts"] = "0";

        await Patients.GetPatientAsync("7");
        _log.FailuresLeft = 1;
        await Assert.ThrowsAsync<IOException>(() => Patients.GetHtmlAsync("7").AsTask());

        var entry = Entry("GetPatient", ("id", "7"));
        var lifetime = entry.Completions.Single().Lifetime!;
        Assert.Equal((Strategy.Ttl, 7_000L, 3_600_000L), (entry.Reads.Single().Strategy, lifetime.FreshMilliseconds, lifetime.StaleMilliseconds));
        Assert.Equal(["p:7"], lifetime.Tags);
    }

    [Fact]
    public async Task A_changed_configuration_holds_from_the_next_call_on_and_a_wrong_one_changes_nothing()
    {
        await Patients.GetPatientAsync("1");
        _configuration![$"{Methods}:GetPatient:FreshFor"] = "00:00:07";
        _configuration.Reload();
        await Patients.GetPatientAsync("2");
        _configuration[$"{Methods}:GetPatient:FreshFor"] = "-00:00:01";
        _configuration.Reload();
        await Patients.GetPatientAsync("3");

        Assert.Equal([30_000L, 7_000L, 7_000L], new[] { "1", "2", "3" }.Select(id => Entry("GetPatient", ("id", id)).Completions.Single().Lifetime!.FreshMilliseconds));
    }

    [Fact]
    public async Task A_configuration_that_changes_between_its_first_reading_and_its_watch_holds()
    {
        var source = new ChangesWhenRead($"{Methods}:GetPatient:FreshFor", "00:00:07", "00:00:09");
        await using var cluster = new FakeCluster(services => services
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Add(source).Build())
            .AddSingleton(_log).AddIntegration<IPatients, Patients>("partner", Configure));
        cluster.Get<IOptionsMonitor<CachedIntegrationOptions>>().Get("partner");
        source.ChangesIn = source.Reads;        // it is read a second time as it was the first

        await cluster.Get<IPatients>().GetPatientAsync("7");

        Assert.Equal(9_000, cluster.EntryOf(cluster.Cache.KeyOf("partner", "GetPatient", ("id", "7"))).Completions.Single().Lifetime!.FreshMilliseconds);
    }

    [Theory]
    [InlineData("GetPatient:FreshFort", "1", "GetPatient:FreshFort is not a setting: did you mean 'FreshFor'?")]
    [InlineData("GetPatient:FreshFor", "7", "GetPatient:FreshFor is '7': write 00:00:07 for 7 seconds")]
    [InlineData("GetPatient:FreshFor", "00:00:00", "GetPatient:FreshFor is '00:00:00': set a time over zero")]
    [InlineData("GetPatient:Jitter", "2", "GetPatient:Jitter is '2': set a share from 0 to 1")]
    [InlineData("GetPatient:Retry:MaxRetryAttempts", "101", "GetPatient:Retry:MaxRetryAttempts is '101': set 0 (none) to 100")]
    [InlineData("GetPatient:Strategy", "Versioned", "GetPatient cannot hold: CacheStrategy.Version is not set")]
    [InlineData("GetHistory:Version:SessionVersions", "0", "SessionVersions is 0; set it to 1 or more")]
    [InlineData("GetPatient:CircuitBreaker:Enabled", "true", "GetPatient:CircuitBreaker is for integrations of a silo")]
    [InlineData("GetPatient:Tags:0", "x:{ids}", "no such argument; did you mean 'id'?")]
    [InlineData("GetPatients:FreshFor", "00:00:01", "GetPatients is no cached method: did you mean 'GetPatient'?")]
    public void A_wrong_setting_is_refused_at_start_with_its_path(string path, string value, string error)
    {
        _settings[$"{Methods}:{path}"] = value;

        var e = Assert.Throws<OptionsValidationException>(() => Cluster.Get<IOptionsMonitor<CachedIntegrationOptions>>().Get("partner"));

        Assert.Contains(error, e.Message, StringComparison.Ordinal);
        Assert.Contains(Methods, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_strategy_that_is_not_there_and_an_argument_without_a_key_are_refused_at_start()
    {
        _cluster = new FakeCluster(services => services.AddSingleton(_log).AddIntegration<IPatients, Patients>());

        var e = Assert.Throws<OptionsValidationException>(() => Cluster.Get<IOptionsMonitor<CachedIntegrationOptions>>().Get("simi"));

        Assert.Contains("follows the strategy 'pages'", e.Message, StringComparison.Ordinal);
        Assert.Contains("an argument 'search' without a text", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_without_a_generated_class_is_refused_with_what_to_do() =>
        Assert.Contains("[Integration", Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddIntegration<IComparable, Version>()).Message, StringComparison.Ordinal);

    private FakeEntry Entry(string method, params ReadOnlySpan<(string, object?)> arguments) => Cluster.EntryOf(Cluster.Cache.KeyOf("partner", method, arguments));

    private static void Configure(CachedIntegrationOptions o)
    {
        o.Strategies["pages"] = CacheStrategy.Ttl(TimeSpan.FromSeconds(10)) with { Limiter = "simi", Retry = new() { MaxRetryAttempts = 1, Delay = TimeSpan.Zero } };
        o.Keys["Count"] = static arguments => $"search of {((Search)arguments["search"]!).User}";
    }

    private FakeCluster Made() => new(services =>
    {
        _configuration = new ConfigurationBuilder().AddInMemoryCollection(_settings).Build();
        services.AddSingleton<IConfiguration>(_configuration);
        services.AddSingleton(_log).AddIntegration<IPatients, Patients>("partner", Configure);
    });

    /// <summary>A configuration that has another value as soon as somebody read the first so many times.</summary>
    private sealed class ChangesWhenRead(string path, string first, string then) : ConfigurationProvider, IConfigurationSource
    {
        public int Reads { get; private set; }

        public int ChangesIn { get; set; }

        public IConfigurationProvider Build(IConfigurationBuilder builder)
        {
            Set(path, first);
            return this;
        }

        public override bool TryGet(string key, out string? value)
        {
            var found = base.TryGet(key, out value);
            if (!found || key != path)
                return found;
            Reads++;
            if (--ChangesIn == 0)
            {
                Set(path, then);
                OnReload();
            }

            return true;
        }
    }

    private sealed class Scoped : IDisposable
    {
        private readonly Action _end;

        public Scoped(Action begin, Action end)
        {
            begin();
            _end = end;
        }

        public void Dispose() => _end();
    }
}
