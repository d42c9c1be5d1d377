using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache.Tests;

public class CacheSettingsTests
{
    private const string Partner = "OrleansCache:Integrations:partner";

    private const string Whole = """
        { "OrleansCache": { "Integrations": { "partner": {
            "BaseAddress": "http://localhost:8899/", "Service": "shop", "ServiceVersion": "1.0",
            "RateLimit": { "PerSecond": 10, "PerDay": 50000, "MaxWait": "00:00:02", "OnMiss": "Wait" },
            "Retry": { "MaxRetryAttempts": 3, "BackoffType": "Exponential", "Delay": "00:00:00.2", "UseJitter": true },
            "Methods": { "country": { "Get": "countries/{code}", "Strategy": "Background",
                "FreshFor": "00:00:30", "StaleFor": "01:00:00", "Jitter": 0.1, "Tags": [ "country:{code}" ] } } } } } }
        """;

    [Fact]
    public void The_documented_example_is_all_that_an_integration_needs()
    {
        var (settings, errors) = Read(Whole);

        Assert.Empty(errors);
        var partner = settings.Integrations["partner"];
        Assert.Equal(new RateLimits(PerSecond: 10, PerDay: 50_000, Margin: TimeSpan.FromMilliseconds(50)), partner.Limit!.Limits);
        Assert.Equal((TimeSpan.FromSeconds(2), OnMiss.Wait), (partner.Limit.MaxWait, partner.Limit.OnMiss));
        var country = partner.Methods["country"];
        Assert.Equal((HttpMethod.Get, new ParameterDescription("code", Optional: false)), (country.Verb, Assert.Single(country.Parameters)));
        Assert.Equal((3, TimeSpan.FromMilliseconds(200), true), (country.Resilience.Retry.MaxRetryAttempts, country.Resilience.Retry.Delay, country.Resilience.Retry.UseJitter));
        Assert.Equal(
            new RegionPolicy
            {
                Region = "shop:1.0:partner:country", Coherence = Coherence.Eventual, Durability = Durability.Behind, Strategy = Strategy.Background,
                FreshFor = TimeSpan.FromSeconds(30), StaleFor = TimeSpan.FromHours(1), Jitter = 0.1, Integration = "partner", Method = "country",
            },
            settings.Regions["shop:1.0:partner:country"]);
    }

    [Theory]
    [InlineData("BaseAdress", "http://x/", $"{Partner}:BaseAdress is not a setting: did you mean 'BaseAddress'?")]
    [InlineData("RateLimit:PerSeconds", "1", $"{Partner}:RateLimit:PerSeconds is not a setting: did you mean 'PerSecond'?")]
    [InlineData("Methods:country:FreshFro", "1", $"{Partner}:Methods:country:FreshFro is not a setting: did you mean 'FreshFor'?")]
    [InlineData("Retry:Dlay", "1", $"{Partner}:Retry:Dlay is not a setting: did you mean 'Delay'?")]
    [InlineData("Retry:Zzz", "1", $"{Partner}:Retry:Zzz is not a setting: known are BackoffType, Delay, MaxDelay, MaxRetryAttempts, UnsafeMethods, UseJitter.")]
    [InlineData("RateLimit:PerSecond", "many", $"{Partner}:RateLimit:PerSecond is 'many': write a whole number in range.")]
    [InlineData("RateLimit:OnMiss", "Wiat", $"{Partner}:RateLimit:OnMiss is 'Wiat': write one of Wait, Bypass, Refuse; did you mean 'Wait'?")]
    [InlineData("Retry:Delay", "fast", $"{Partner}:Retry:Delay is 'fast': write a time as hours:minutes:seconds, such as '00:00:30'.")]
    [InlineData("Methods:country:FreshFor", "30", $"{Partner}:Methods:country:FreshFor is '30': write 00:00:30 for 30 seconds, 30.00:00:00 for 30 days.")]
    [InlineData("Timeout", "5", $"{Partner}:Timeout is '5': write 00:00:05 for 5 seconds, 5.00:00:00 for 5 days.")]
    [InlineData("Timeout", "0.5", $"{Partner}:Timeout is '0.5': write a time as hours:minutes:seconds, such as '00:00:30'.")]
    [InlineData("Retry:UseJitter", "maybe", $"{Partner}:Retry:UseJitter is 'maybe': write true or false.")]
    [InlineData("RateLimit", "10", $"{Partner}:RateLimit is '10': write a section with keys of its own (PerSecond, PerMinute, PerHour, PerDay, MaxWait, OnMiss, BackgroundShare, Margin).")]
    [InlineData("Methods:country:Tags", "country", $"{Partner}:Methods:country:Tags is 'country': write a list.")]
    [InlineData("RateLimit:PerMinute", "5", $"{Partner}:RateLimit:PerMinute is '5': that is below PerSecond (10), which could never be reached; set it to 10 or more, or lower PerSecond.")]
    [InlineData("RateLimit:PerHour", "0", $"{Partner}:RateLimit:PerHour is '0': set 1 to 1000000000, or leave it out for no such limit.")]
    [InlineData("RateLimit:BackgroundShare", "1.5", $"{Partner}:RateLimit:BackgroundShare is '1.5': set a share from 0 to 1.")]
    [InlineData("RateLimit:Margin", "00:00:02", $"{Partner}:RateLimit:Margin is '00:00:02': set 00:00:00 to 00:00:01.")]
    [InlineData("RateLimit:MaxWait", "-00:00:01", $"{Partner}:RateLimit:MaxWait is '-00:00:01': set 00:00:00 to 01:00:00.")]
    [InlineData("Methods:country:FreshFor", "-00:00:01", $"{Partner}:Methods:country:FreshFor is '-00:00:01': set a time over zero, or leave it out for no end.")]
    [InlineData("Methods:country:StaleFor", "-00:00:01", $"{Partner}:Methods:country:StaleFor is '-00:00:01': set zero or more.")]
    [InlineData("Methods:country:AbsentFor", "-00:00:01", $"{Partner}:Methods:country:AbsentFor is '-00:00:01': set zero or more.")]
    [InlineData("Methods:country:Jitter", "1.1", $"{Partner}:Methods:country:Jitter is '1.1': set a share from 0 to 1.")]
    [InlineData("Methods:country:Coherence", "Strict", $"{Partner}:Methods:country:Durability is 'Behind': a strict region acknowledges a write when the store has it; set Durability to Through, or Coherence to Eventual or None.")]
    [InlineData("Methods:country:Tags:1", "x:{cod}", $"{Partner}:Methods:country:Tags:1 is 'x:{{cod}}': the method has no argument 'cod'; did you mean 'code'?")]
    [InlineData("Methods:country:Tags:1", "x:{code", $"{Partner}:Methods:country:Tags:1 is 'x:{{code': write text with arguments in braces, such as 'country:{{code}}'.")]
    [InlineData("Methods:country:Get", "countries/{code", $"{Partner}:Methods:country:Get is 'countries/{{code': it has braces that are not an argument: write {{name}} or {{name?}}.")]
    [InlineData("Methods:country:Get", "countries/{code?}", $"{Partner}:Methods:country:Get is 'countries/{{code?}}': it has an optional argument in its path: only an argument of the query can be left out.")]
    [InlineData("Methods:country:Get", "http://x/{code}", $"{Partner}:Methods:country:Get is 'http://x/{{code}}': it is an address: write the path below BaseAddress.")]
    [InlineData("Methods:country:Post", "x", $"{Partner}:Methods:country has Get and Post: a method makes one call; keep one of them.")]
    [InlineData("Methods:other:FreshFor", "00:01:00", $"{Partner}:Methods:other says nothing of its call: set Get to a path such as 'countries/{{code}}' (or Post, Put, Patch, Delete).")]
    [InlineData("Methods:a b:Get", "x", $"{Partner}:Methods:a b has a name that is no part of an address: use 1 to 64 letters, digits, '-', '_' or '.'.")]
    [InlineData("Methods:country:Parameters:0", "code", $"{Partner}:Methods:country:Parameters is for an integration in code: the path's braces name the arguments; leave it out.")]
    [InlineData("BaseAddress", "partner.example", $"{Partner}:BaseAddress is 'partner.example': set an absolute address such as 'https://partner.example/api/', http or https, without query, fragment or credentials.")]
    [InlineData("BaseAddress", "ftp://partner.example/", $"{Partner}:BaseAddress is 'ftp://partner.example/': set an absolute address such as 'https://partner.example/api/', http or https, without query, fragment or credentials.")]
    [InlineData("BaseAddress", "", $"{Partner}:BaseAddress is not set: set an absolute address such as 'https://partner.example/api/', http or https, without query, fragment or credentials.")]
    [InlineData("Authentication:Exchange:Url", "auth/token", $"{Partner}:Authentication:Exchange:Url is 'auth/token': set an absolute address such as 'https://partner.example/api/', http or https, without query, fragment or credentials.")]
    [InlineData("Authentication:Exchange:Urll", "http://x/", $"{Partner}:Authentication:Exchange:Urll is not a setting: did you mean 'Url'?")]
    [InlineData("Headers:X Y", "1", "is not a header that a request can carry")]
    [InlineData("Timeout", "00:00:00", $"{Partner}:Timeout is '00:00:00': set 00:00:00.0100000 to 1.00:00:00.")]
    [InlineData("AttemptTimeout", "00:01:00", $"{Partner}:AttemptTimeout is '00:01:00': one attempt can't last longer than the whole call; set it to Timeout (00:00:30) or less, or raise Timeout.")]
    [InlineData("Retry:MaxRetryAttempts", "-1", $"{Partner}:Retry:MaxRetryAttempts is '-1': set 0 (none) to 100.")]
    [InlineData("CircuitBreaker:FailureRatio", "0", $"{Partner}:CircuitBreaker:FailureRatio is '0': set a share over 0, to 1; to go without a breaker set Enabled to false.")]
    [InlineData("CircuitBreaker:MinimumThroughput", "1", $"{Partner}:CircuitBreaker:MinimumThroughput is '1': set 2 or more.")]
    [InlineData("CircuitBreaker:BreakDuration", "00:00:00.1", $"{Partner}:CircuitBreaker:BreakDuration is '00:00:00.1000000': set 00:00:00.5000000 to 1.00:00:00.")]
    [InlineData("Resilience", "gentle", $"{Partner}:Resilience is 'gentle': there is no section OrleansCache:Resilience:gentle; did you mean 'gentl'?")]
    [InlineData("PooledConnectionLifetime", "00:00:00", $"{Partner}:PooledConnectionLifetime is '00:00:00': set a time over zero.")]
    [InlineData("OrleansCache:Regions:default:Durability", "Behind", "OrleansCache:Regions:default:Durability is 'Behind': a strict region acknowledges a write when the store has it; set Durability to Through, or Coherence to Eventual or None.")]
    [InlineData("OrleansCache:Regions:prices:StaleFor", "00:01:00", "OrleansCache:Regions:prices:StaleFor is '00:01:00': it begins when FreshFor ends; set FreshFor too, or leave StaleFor out.")]
    [InlineData("OrleansCache:Regions:prices:MaxEntries", "0", "OrleansCache:Regions:prices:MaxEntries is '0': set 1 or more, or leave it out.")]
    [InlineData("OrleansCache:Regions:prices:Coherense", "Strict", "OrleansCache:Regions:prices:Coherense is not a setting: did you mean 'Coherence'?")]
    [InlineData("OrleansCache:Resilience:gentl:Retrie:Delay", "1", "OrleansCache:Resilience:gentl:Retrie is not a setting: did you mean 'Retry'?")]
    [InlineData("OrleansCache:Integrations:api:BaseAddress", "http://x/", "OrleansCache:Integrations:api has a name that the gateway needs itself (api, dashboard, orleans, healthz, openapi): name it otherwise.")]
    public void A_wrong_setting_is_named_with_its_path_its_value_and_the_way_out(string key, string value, string error)
    {
        var (_, errors) = Read(Whole, (key, value), ("OrleansCache:Resilience:gentl:Timeout", "00:00:30"));

        Assert.Contains(error, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authentication:Exchange:Margin", "02:00:00", $"{Partner}:Authentication:Exchange:Margin is '02:00:00': set 00:00:00 to 01:00:00.")]
    [InlineData("Authentication:Exchange:TokenFor", "00:00:00", $"{Partner}:Authentication:Exchange:TokenFor is '00:00:00': set 00:00:00.0000001 to 1.00:00:00.")]
    [InlineData("Authentication:Exchange:RefusedFor", "00:02:00", $"{Partner}:Authentication:Exchange:RefusedFor is '00:02:00': set 00:00:00 to 00:01:00.")]
    [InlineData("Authentication:Exchange:Timeout", "00:00:00", $"{Partner}:Authentication:Exchange:Timeout is '00:00:00': set 00:00:00.0100000 to 00:01:00.")]
    [InlineData("Authentication:Exchange:MaxTokens", "0", $"{Partner}:Authentication:Exchange:MaxTokens is '0': set 1 to 1000000.")]
    [InlineData("Headers:Authorization", "Basic x", $"{Partner}:Headers:Authorization is set beside an exchange, whose token goes to the origin in its place: leave one of them out.")]
    [InlineData("Methods:country:Strategy", "Eager", $"{Partner}:Methods:country:Strategy is 'Eager': it loads with nobody asking, and so with no caller's token; set Background.")]
    public void An_exchange_of_credentials_is_checked(string key, string value, string error)
    {
        var (_, errors) = Read(Whole, (key, value), ("Authentication:Exchange:Url", "http://localhost/token"));

        Assert.Equal(error, Assert.Single(errors));
    }

    [Fact]
    public void What_a_region_only_follows_is_told_where_it_is_written()
    {
        var (_, errors) = Read(
            Whole, ("OrleansCache:Regions:default:FreshFor", "-00:00:05"), ("OrleansCache:Regions:x:Jitter", "0.1"), ("OrleansCache:Regions:y:FreshFor", "-00:00:06"));

        Assert.Equal(
            ["OrleansCache:Regions:default:FreshFor is '-00:00:05'", "OrleansCache:Regions:y:FreshFor is '-00:00:06'"],
            errors.Select(error => error[..error.LastIndexOf(':')]));
    }

    [Fact]
    public void Stale_time_needs_fresh_time()
    {
        var (_, errors) = Read(Whole, ("Methods:country:FreshFor", ""), ("Methods:country:Strategy", "Ttl"));

        Assert.StartsWith($"{Partner}:Methods:country:StaleFor is '01:00:00': it begins when FreshFor ends", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void An_eager_method_needs_stale_time_or_it_would_do_nothing()
    {
        var (_, errors) = Read(Whole, ("Methods:country:Strategy", "Eager"), ("Methods:country:StaleFor", "00:00:00"));

        Assert.Equal(
            $"{Partner}:Methods:country:StaleFor is '00:00:00': past FreshFor readers have the old value until the silo has loaded the new one; set a time, or leave it out for a day.",
            Assert.Single(errors));
        Assert.Empty(Read(Whole, ("Methods:country:Strategy", "Eager")).Errors);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("Dashboard")]
    [InlineData("orleans")]
    [InlineData("healthz")]
    [InlineData("openapi")]
    public void Names_that_the_gateway_needs_are_refused(string name)
    {
        var (_, errors) = Read(Whole, ($"OrleansCache:Integrations:{name}:BaseAddress", "http://x/"));

        Assert.Contains("the gateway needs itself", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void A_credential_in_an_address_is_not_repeated()
    {
        var (_, errors) = Read(Whole, ("BaseAddress", "http://me:secret@partner.example/"));

        Assert.DoesNotContain("secret", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_come_at_once()
    {
        var (_, errors) = Read(Whole, ("RateLimit:PerSeconds", "1"), ("RateLimit:PerHour", "1"), ("Methods:country:Jitter", "2"), ("OrleansCache:Regions:default:Durability", "None"));

        Assert.Equal(4, errors.Count);
    }

    [Fact]
    public void Narrower_places_go_before_wider_ones_and_inline_before_named()
    {
        var (settings, errors) = Read(
            Whole,
            ("OrleansCache:Resilience:gentle:Retry:MaxRetryAttempts", "7"), ("OrleansCache:Resilience:gentle:Retry:Delay", "00:00:01"), ("OrleansCache:Resilience:gentle:Timeout", "00:00:20"),
            ("OrleansCache:Resilience:hasty:Retry:MaxRetryAttempts", "1"), ("OrleansCache:Resilience:hasty:CircuitBreaker:MinimumThroughput", "5"),
            ("Resilience", "gentle"), ("Methods:fast:Get", "x"), ("Methods:fast:Resilience", "hasty"), ("Methods:fast:AttemptTimeout", "00:00:02"));

        Assert.Empty(errors);
        var (country, fast) = (settings.Integrations["partner"].Methods["country"], settings.Integrations["partner"].Methods["fast"]);
        Assert.Equal((3, TimeSpan.FromSeconds(20), false), (country.Resilience.Retry.MaxRetryAttempts, country.Resilience.Timeout, country.HasOwnBreaker));
        Assert.Equal((1, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(2), 5, true),
            (fast.Resilience.Retry.MaxRetryAttempts, fast.Resilience.Timeout, fast.Resilience.AttemptTimeout, fast.Resilience.CircuitBreaker.MinimumThroughput, fast.HasOwnBreaker));
        Assert.Equal(TimeSpan.FromMilliseconds(200), fast.Resilience.Retry.Delay);
    }

    [Fact]
    public void An_unnamed_region_follows_the_default_and_that_is_strict_through_and_without_end()
    {
        var (settings, _) = Read(Whole);

        Assert.Equal(new RegionPolicy { Region = "default", Coherence = Coherence.Strict, Durability = Durability.Through }, settings.DefaultRegion);
    }

    [Fact]
    public void A_named_region_follows_the_default_where_it_says_nothing()
    {
        var (settings, errors) = Read(
            Whole, ("OrleansCache:Regions:default:FreshFor", "00:10:00"), ("OrleansCache:Regions:default:Coherence", "Eventual"),
            ("OrleansCache:Regions:prices:Durability", "Behind"), ("OrleansCache:Regions:prices:StaleFor", "00:01:00"));

        Assert.Empty(errors);
        Assert.Equal(
            new RegionPolicy { Region = "prices", Coherence = Coherence.Eventual, Durability = Durability.Behind, FreshFor = TimeSpan.FromMinutes(10), StaleFor = TimeSpan.FromMinutes(1) },
            settings.Regions["prices"]);
    }

    [Fact]
    public void A_limiter_alone_needs_no_address()
    {
        var (settings, errors) = Read("{}", ("OrleansCache:Integrations:own:RateLimit:PerSecond", "5"));

        Assert.Empty(errors);
        Assert.Equal(5, settings.Integrations["own"].Limit!.Limits.PerSecond);
    }

    [Fact]
    public async Task The_host_does_not_start_and_says_all_that_is_wrong()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("OrleansCache:Regions:default:Jitter", "3"), new("OrleansCache:Integration:x", "1"), new("OrleansCache:Other:Sise", "1")]);
        var root = builder.Configuration.GetSection("OrleansCache");
        builder.Services.AddRegions(root).AddIntegrations(root).AddStrictConfiguration(root).AddKnownSection<Other>("Other");
        using var host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            [
                "OrleansCache:Integration is not a setting: did you mean 'Integrations'?",
                "OrleansCache:Other:Sise is not a setting: did you mean 'Size'?",
                "OrleansCache:Regions:default:Jitter is '3': set a share from 0 to 1.",
            ],
            refused.Failures.Order(StringComparer.Ordinal));
    }

    internal static (CacheSettings Settings, IReadOnlyList<string> Errors) Read(string json, params (string Key, string Value)[] over)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        var configuration = new ConfigurationBuilder()
            .AddJsonStream(stream)
            .AddInMemoryCollection(over.Select(pair => new KeyValuePair<string, string?>(
                pair.Key.StartsWith("OrleansCache:", StringComparison.Ordinal) ? pair.Key : $"{Partner}:{pair.Key}", pair.Value)))
            .Build();
        var errors = new ConfigurationErrors();
        return (CacheSettings.Read(configuration.GetSection("OrleansCache"), [], 1, errors), errors.All);
    }

    internal sealed class Other
    {
        public int Size { get; set; }
    }
}
