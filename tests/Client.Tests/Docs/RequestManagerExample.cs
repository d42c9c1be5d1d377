using Microsoft.Extensions.DependencyInjection;
using OrleansCache.Cluster;
using Polly;

namespace OrleansCache.Docs;

/// <summary>What a request manager does, in C#.</summary>
public sealed class RequestManagerExample
{
    [Fact]
    public async Task Functions_share_a_strategy_that_was_made_once()
    {
        await using var silos = await Silos.StartAsync(1, ("OrleansCache:Integrations:simi:RateLimit:PerSecond", "100"));
        var cache = await silos.CacheAsync();
        var simi = new Simi();

        // docs/migration.md
        var pages = CacheStrategy.Background(freshFor: TimeSpan.FromSeconds(30), staleFor: TimeSpan.FromHours(1)) with
        {
            Limiter = "simi",
            Retry = new() { MaxRetryAttempts = 3, BackoffType = DelayBackoffType.Exponential, ShouldHandle = new PredicateBuilder().Handle<IOException>() },
            Tags = ["pages", "page:{id}"],
        };

        var getHtml = cache.Decorate("simi", "getHtml", (string id, CancellationToken ct) => simi.GetHtmlAsync(id, ct), pages);
        var getTitle = cache.Decorate("simi", "getTitle", (string id, CancellationToken ct) => simi.GetTitleAsync(id, ct), pages);

        var html = await getHtml("7", default);
        // end
        Assert.Equal(("<p>7</p>", "<p>7</p>", "7"), (html, await getHtml("7", default), await getTitle("7", default)));
        Assert.Equal(2, simi.Calls);
    }

    [Fact]
    public async Task An_interface_is_injected_with_the_cache_in_front_of_it()
    {
        await using var silos = await Silos.StartAsync(1, ("OrleansCache:Integrations:partner:RateLimit:PerSecond", "100"));
        var client = await silos.ConnectAsync(builder =>
        {
            builder.Services.AddSingleton(new CallCount());

            // docs/strategies.md
            builder.Services.AddIntegration<IPartnerApi, PartnerApi>("partner", o =>
                o.Strategy = new() { Limiter = "partner", Retry = new() { MaxRetryAttempts = 2, Delay = TimeSpan.FromMilliseconds(200) } });
            // end
        });
        var api = client.Services.GetRequiredService<IPartnerApi>();

        Assert.Equal(await api.GetPatientAsync("7"), await api.GetPatientAsync("7"));
        await api.SaveAsync(new("7", "Ada"));
        Assert.Equal("Patient 7 of call 3", (await api.GetPatientAsync("7"))!.Name);
    }

    [Fact]
    public async Task Rules_judge_results_and_a_result_may_say_how_long_it_lives()
    {
        await using var silos = await Silos.StartAsync(1);
        var cache = await silos.CacheAsync();
        var simi = new Simi();

        // docs/strategies.md
        var careful = CacheStrategy.Ttl(TimeSpan.FromMinutes(5))
            .Filter<string>(html => html.Trim())                                        // what is stored, and what callers get
            .ShouldCache<string>(html => !html.Contains("maintenance"))                 // else: returned and not stored
            .Validate<string>(html => html.StartsWith('<'))                             // else: a cached one counts as a miss
            .Adapt<string>((html, load) => load.FreshFor = html.Length > 1_000 ? TimeSpan.FromHours(1) : null);
        // end
        var getHtml = cache.Decorate("simi", "getHtml", (string id, CancellationToken ct) => simi.GetHtmlAsync(id, ct), careful);

        Assert.Equal(("<p>7</p>", "<p>7</p>"), (await getHtml("7", default), await getHtml("7", default)));
        Assert.Equal(1, simi.Calls);
    }

    private sealed class Simi
    {
        public int Calls { get; private set; }

        public Task<string> GetHtmlAsync(string id, CancellationToken ct)
        {
            Calls++;
            return Task.FromResult($"<p>{id}</p>");
        }

        public Task<string> GetTitleAsync(string id, CancellationToken ct)
        {
            Calls++;
            return Task.FromResult(id);
        }
    }
}

internal sealed record Patient(string Id, string Name);

// docs/strategies.md
[Integration("partner")]
internal interface IPartnerApi
{
    [Cached(Strategy = Strategy.Background, FreshSeconds = 30, StaleSeconds = 3600, AbsentSeconds = 10, Tags = ["patient:{id}"])]
    Task<Patient?> GetPatientAsync(string id, CancellationToken ct = default);

    [Invalidates("patient:{patient.Id}")]
    Task SaveAsync(Patient patient, CancellationToken ct = default);
}
// end

internal sealed class CallCount
{
    private int _calls;

    public int Next() => Interlocked.Increment(ref _calls);
}

internal sealed class PartnerApi(CallCount calls) : IPartnerApi
{
    public Task<Patient?> GetPatientAsync(string id, CancellationToken ct = default) => Task.FromResult<Patient?>(new(id, $"Patient {id} of call {calls.Next()}"));

    public Task SaveAsync(Patient patient, CancellationToken ct = default) => Task.FromResult(calls.Next());
}
