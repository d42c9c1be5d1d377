using OrleansCache.Fakes;

namespace OrleansCache.Integrations;

public class CallTests
{
    private static readonly CacheKey Netherlands = CacheKey.For("shop:1.0:partner:country", ("code", "NL"));

    [Fact]
    public async Task A_call_reads_the_key_of_its_arguments_and_brings_them_along()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(CacheKey.For("shop:1.0:partner:country", ("code", "NL"), ("lang", null))).OnRead = _ => new(FakeEntry.Hit("""{"name":"Netherlands"}""") with { Status = ReadStatus.Loaded, Stored = true });

        var result = await cluster.Cache.CallAsync<Country>("partner", "country", Args(("lang", null), ("code", "NL")));

        Assert.Equal((new Country("Netherlands"), Outcome.Loaded), (result.Value, result.Outcome));
        var request = cluster.EntryOf(CacheKey.For("shop:1.0:partner:country", ("code", "NL"), ("lang", null))).Reads.Single();
        Assert.Equal((LoadMode.Declared, 2000), (request.Load, request.WaitMilliseconds));
        Assert.Equal([new("code", "NL"), new("lang", null)], request.Arguments);
    }

    [Fact]
    public async Task A_callers_token_goes_with_the_call_and_is_no_part_of_its_key()
    {
        await using var cluster = new FakeCluster();

        await cluster.Raw.CallAsync("partner", "country", Args(("code", "NL")), new("t1"));
        await cluster.Raw.CallAsync("partner", "country", Args(("code", "NL")), new("t2"));
        await cluster.Raw.RefreshAsync(Netherlands, new("t3"));

        Assert.Equal(["t1", "t2"], cluster.EntryOf(Netherlands).Reads.Select(read => read.Caller!.Value));
        Assert.Equal("t3", cluster.EntryOf(Netherlands).Refreshes.Single().Caller!.Value);
    }

    [Fact]
    public async Task A_description_is_asked_for_once_while_it_is_good()
    {
        await using var cluster = new FakeCluster();

        for (var i = 0; i < 3; i++)
            await cluster.Raw.CallAsync("partner", "currencies", Args());
        Assert.Equal(1, cluster.Catalog.Asked);

        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        await cluster.Raw.CallAsync("partner", "currencies", Args());
        Assert.Equal(2, cluster.Catalog.Asked);
    }

    [Theory]
    [InlineData("shipper", "country", "code", "unknown-integration", "'partner'")]
    [InlineData("", "country", "code", "unknown-integration", "'partner'")]
    [InlineData("partner", "Country", "code", "unknown-method", "'country', 'currencies'")]
    [InlineData("partner", "country", "lang", "missing-argument", "'code'")]
    [InlineData("partner", "currencies", "code", "surplus-argument", "'code'")]
    [InlineData("partner", "country", "Code", "missing-argument", "'code' of 'partner/country' is missing; give it by exactly this name ('Code' is none")]
    public async Task A_wrong_call_names_what_is_wrong_and_what_there_is(string integration, string method, string argument, string detail, string named)
    {
        await using var cluster = new FakeCluster();

        var reply = await cluster.Raw.CallAsync(integration, method, Args((argument, "x")));
        Assert.Equal((ReadStatus.Failed, ProblemKind.BadCall, detail), (reply.Status, reply.Problem!.Kind, reply.Problem.Detail));
        Assert.Contains(named, reply.Problem.Message, StringComparison.Ordinal);
        var e = await Assert.ThrowsAsync<ArgumentException>(() => cluster.Cache.CallAsync<string>(integration, method, Args((argument, "x"))).AsTask());
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_that_is_no_text_or_too_long_is_a_wrong_call()
    {
        await using var cluster = new FakeCluster();

        Assert.Equal("bad-argument", (await cluster.Raw.CallAsync("partner", "country", Args(("code", "\ud800")))).Problem!.Detail);
        Assert.Equal("bad-argument", (await cluster.Raw.CallAsync("partner", "country", Args(("code", new string('x', 10_000))))).Problem!.Detail);
    }

    [Fact]
    public async Task A_call_that_a_newer_configuration_knows_is_asked_for_once_more()
    {
        await using var cluster = new FakeCluster();
        await cluster.Raw.CallAsync("partner", "currencies", Args());
        cluster.Catalog.Known["partner"] = cluster.Catalog.Known["partner"] with { Methods = [new() { Name = "timezones", Region = "shop:1.0:partner:timezones" }] };

        Assert.Equal(ReadStatus.Miss, (await cluster.Raw.CallAsync("partner", "timezones", Args())).Status);
        Assert.Equal(2, cluster.Catalog.Asked);
    }

    [Fact]
    public async Task An_owner_that_does_not_know_the_region_has_the_description_fetched_again_once()
    {
        await using var cluster = new FakeCluster();
        var entry = cluster.EntryOf(CacheKey.Of("shop:1.0:partner:currencies", "&"));
        entry.OnRead = _ => new(entry.Reads.Count > 1 ? FakeEntry.Hit("1") : new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.BadCall } });

        Assert.Equal(1, (await cluster.Cache.CallAsync<int>("partner", "currencies", Args())).Value);
        Assert.Equal((2, 2), (entry.Reads.Count, cluster.Catalog.Asked));

        entry.OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.BadCall } });
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Cache.CallAsync<int>("partner", "currencies", Args()).AsTask());
        Assert.Equal(4, entry.Reads.Count);
    }

    [Fact]
    public async Task A_thing_the_origin_does_not_have_is_a_miss()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(Netherlands).OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.NotFound, StatusCode = 404 } });

        Assert.Equal(Outcome.Miss, (await cluster.Cache.CallAsync<Country>("partner", "country", Args(("code", "NL")))).Outcome);
    }

    [Theory]
    [InlineData(ProblemKind.OriginFailed)]
    [InlineData(ProblemKind.Timeout)]
    [InlineData(ProblemKind.OriginRefused)]
    [InlineData(ProblemKind.TooLarge)]
    internal async Task A_failed_origin_is_an_exception(ProblemKind kind)
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(Netherlands).OnRead = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = kind, Detail = "d" } });

        Assert.Equal("d", (await Assert.ThrowsAsync<IntegrationException>(() => cluster.Cache.CallAsync<Country>("partner", "country", Args(("code", "NL"))).AsTask())).Detail);
    }

    [Fact]
    public async Task Refreshing_an_integrations_key_brings_its_arguments_and_any_other_key_none()
    {
        await using var cluster = new FakeCluster();
        cluster.EntryOf(Netherlands).Value = FakeEntry.Json("1");

        Assert.True(await cluster.Cache.RefreshAsync(Netherlands));
        Assert.False(await cluster.Cache.RefreshAsync(FakeCluster.Key));
        Assert.False(await cluster.Cache.RefreshAsync(CacheKey.Of("shop:1.0:other:country", "code=NL")));

        Assert.Equal([new("code", "NL")], cluster.EntryOf(Netherlands).Refreshes.Single().Arguments);
        Assert.Equal(LoadMode.Declared, cluster.EntryOf(Netherlands).Refreshes.Single().Load);
        Assert.Equal(LoadMode.None, cluster.Entry.Refreshes.Single().Load);
    }

    private static Dictionary<string, string?> Args(params (string Name, string? Value)[] arguments) => arguments.ToDictionary(a => a.Name, a => a.Value);

    public sealed record Country(string Name);
}
