using System.Diagnostics.Metrics;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache.Registration;

public class RegistrationTests
{
    [Fact]
    public void The_front_door_gives_both_caches()
    {
        using var host = Build(("ConnectionStrings:cache", "127.0.0.1:11111"));

        Assert.NotNull(host.Services.GetRequiredService<IOrleansCache>());
        Assert.IsType<OrleansHybridCache>(host.Services.GetRequiredService<HybridCache>());
    }

    [Fact]
    public void The_section_the_connection_string_and_code_make_the_options()
    {
        var builder = Builder(("ConnectionStrings:cache", "a:1,b:2"), ("OrleansCache:Client:CallTimeout", "00:00:03"), ("OrleansCache:Client:Connections", "4"), ("OrleansCache:ClusterId", "blue"));
        builder.AddOrleansCacheClient("cache", o => o.Connections = 2);
        builder.AddOrleansCacheClient("cache", o => o.HybridRegion = "web");
        using var host = builder.Build();

        var options = host.Services.GetRequiredService<IOptions<OrleansCacheClientOptions>>().Value;

        Assert.Equal((TimeSpan.FromSeconds(3), 2, "a:1,b:2", "blue", "web"), (options.CallTimeout, options.Connections, options.Endpoints, options.ClusterId, options.HybridRegion));
    }

    [Fact]
    public void Code_alone_is_enough()
    {
        var builder = Builder();
        builder.AddOrleansCacheClient(o => o.Endpoints = "localhost:11111");
        using var host = builder.Build();

        Assert.Equal("localhost:11111", host.Services.GetRequiredService<IOptions<OrleansCacheClientOptions>>().Value.Endpoints);
    }

    [Fact]
    public void A_second_name_and_a_silo_are_refused()
    {
        var builder = Builder();
        builder.AddOrleansCacheClient("cache");
        Assert.Contains("'cache'", Assert.Throws<InvalidOperationException>(() => builder.AddOrleansCacheClient("other")).Message, StringComparison.Ordinal);

        var silo = Builder();
        silo.Services.AddSingleton(TestSupport.GrainsByKey.Of<IGrainFactory>((_, key) => throw new NotSupportedException(key)));
        Assert.Contains("silo", Assert.Throws<InvalidOperationException>(() => silo.AddOrleansCacheClient("cache")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Called_twice_it_adds_once()
    {
        var builder = Builder(("ConnectionStrings:cache", "127.0.0.1:11111"));
        builder.AddOrleansCacheClient("cache").AddOrleansCacheClient("cache");
        using var host = builder.Build();

        Assert.Single(host.Services.GetServices<IOrleansCache>());
    }

    [Theory]
    [InlineData("OrleansCache:Client:CallTimeout", "00:00:00")]
    [InlineData("OrleansCache:Client:CallTimeout", "02:00:00")]
    [InlineData("OrleansCache:Client:Connections", "0")]
    [InlineData("OrleansCache:Client:HybridExpiration", "-00:00:05")]
    [InlineData("OrleansCache:Client:HybridRegion", "")]
    [InlineData("OrleansCache:Client:Tls:CaFile", "/no/such.pem")]
    [InlineData("OrleansCache:Client:Tls:KeyFile", "/no/such.key")]
    [InlineData("OrleansCache:ClusterId", "a b")]
    [InlineData("ConnectionStrings:cache", "")]
    [InlineData("ConnectionStrings:cache", "localhost")]
    [InlineData("ConnectionStrings:cache", "localhost:0")]
    [InlineData("ConnectionStrings:cache", "localhost:70000")]
    [InlineData("ConnectionStrings:cache", "localhost:1,")]
    [InlineData("ConnectionStrings:cache", "::1:11111")]
    [InlineData("ConnectionStrings:cache", "a b:1")]
    [InlineData("ConnectionStrings:cache", "redis=")]
    public async Task A_wrong_setting_stops_the_start_with_its_path_value_and_remedy(string path, string value)
    {
        using var host = Build(("ConnectionStrings:cache", "127.0.0.1:11111"), (path, value));

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(value, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_setting_stops_the_start()
    {
        using var host = Build(("ConnectionStrings:cache", "127.0.0.1:11111"), ("OrleansCache:Client:CallTimout", "00:00:01"));

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Equal("OrleansCache:Client:CallTimout is not a setting: did you mean 'CallTimeout'?", e.Message);
    }

    [Fact]
    public async Task All_that_is_no_value_of_its_type_is_named_at_once()
    {
        using var host = Build(("ConnectionStrings:cache", "127.0.0.1:11111"), ("OrleansCache:Client:CallTimeout", "10"), ("OrleansCache:Client:Connections", "two"), ("OrleansCache:Client:Tls:CaFiles", "x"));

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Equal(
            ["OrleansCache:Client:CallTimeout is '10': write 00:00:10 for 10 seconds, 10.00:00:00 for 10 days.", "OrleansCache:Client:Connections is 'two': write a whole number in range.", "OrleansCache:Client:Tls:CaFiles is not a setting: did you mean 'CaFile'?"],
            e.Failures);
    }

    [Theory]
    [InlineData("127.0.0.1:11111", "127.0.0.1:11111")]
    [InlineData(" 127.0.0.1:1 , [::1]:2 ", "127.0.0.1:1 [::1]:2")]
    [InlineData("silo-0.cache:30000", "Unspecified/silo-0.cache:30000")]
    public void Silos_are_named_by_host_and_port(string text, string silos)
    {
        Assert.Equal(silos, string.Join(' ', ClusterAddress.Parse(text).Silos));
    }

    [Fact]
    public void Redis_is_named_by_a_connection_string_of_its_own()
    {
        Assert.Equal("localhost:6379,password=x=y", ClusterAddress.Parse("redis=localhost:6379,password=x=y").Redis);
    }

    [Fact]
    public async Task A_redis_that_cannot_be_read_is_refused_and_its_password_not_shown()
    {
        using var host = Build(("ConnectionStrings:cache", "redis=localhost:6379,password=secret,ssl=perhaps"));

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("ConnectionStrings:cache: is 'redis=localhost:6379'", e.Message, StringComparison.Ordinal);
        Assert.Contains("ssl", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reads_are_measured_by_outcome()
    {
        await using var cluster = new Fakes.FakeCluster();
        var seen = new List<(string?, double)>();
        using var listener = new MeterListener();
        var meters = cluster.Get<IMeterFactory>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Name == "orleanscache.read.duration")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => seen.Add((tags[0].Value as string, value)));
        listener.Start();
        _ = cluster.Cache;

        await cluster.Cache.GetAsync<int>(Fakes.FakeCluster.Key);
        await cluster.Cache.GetOrCreateAsync(Fakes.FakeCluster.Key, _ => { cluster.Clock.Advance(TimeSpan.FromSeconds(2)); return new ValueTask<int>(1); });
        await cluster.Cache.GetAsync<int>(Fakes.FakeCluster.Key);
        cluster.Entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Timeout } });
        await Assert.ThrowsAsync<IntegrationException>(() => cluster.Cache.GetAsync<int>(Fakes.FakeCluster.Key).AsTask());

        Assert.Equal([("miss", 0), ("loaded", 2), ("hit", 0), ("refused", 0)], seen);
    }

    private static HostApplicationBuilder Builder(params (string Path, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.GroupBy(s => s.Path).Select(s => new KeyValuePair<string, string?>(s.Key, s.Last().Value)));
        return builder;
    }

    private static IHost Build(params (string Path, string Value)[] settings)
    {
        var builder = Builder(settings);
        builder.AddOrleansCacheClient("cache");
        return builder.Build();
    }
}
