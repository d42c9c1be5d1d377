using System.Text;
using Microsoft.AspNetCore.Http;

namespace OrleansCache.Tests;

/// <summary>One HTTP call for many keys.</summary>
public sealed class ManyCallsTests : IAsyncLifetime
{
    private TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

    [Fact]
    public async Task An_array_is_told_apart_by_the_member_that_names_each()
    {
        _origin.Answer = static context => TestOrigin.Json(context, """{ "data": [ { "code": "DE", "n": [1, 2] }, { "code": 7, "n": null }, { "code": "other" } ] }""");
        await using var harness = Harness(new() { ["Items"] = "/data", ["Id"] = "code" });

        var results = await CallAsync(harness, "DE", "NL", "7");

        Assert.Equal([OriginResultKind.Value, OriginResultKind.Absent, OriginResultKind.Value], results.Select(static r => r.Kind));
        Assert.Equal("""{ "code": "DE", "n": [1, 2] }""", Encoding.UTF8.GetString(results[0].Bytes));
        Assert.Equal(["country:7"], results[2].Tags.ToArray());
        Assert.Equal(("/countries?codes=DE,NL,7", "application/json"), (_origin.Seen.Single().Target, results[0].ContentType));
    }

    [Fact]
    public async Task An_object_has_a_member_for_each_and_null_is_absent()
    {
        _origin.Answer = static context => TestOrigin.Json(context, """{ "a&b": 1, "c": null }""");
        await using var harness = Harness(new() { ["Separator"] = "&codes=" });

        var results = await CallAsync(harness, "a&b", "c", "d");

        Assert.Equal([OriginResultKind.Value, OriginResultKind.Absent, OriginResultKind.Absent], results.Select(static r => r.Kind));
        Assert.Equal("/countries?codes=a%26b&codes=c&codes=d", _origin.Seen.Single().Target);
    }

    [Theory]
    [InlineData("""{ "data": [] }""", "/data", null, "no object")]
    [InlineData("""{ "data": {} }""", "/data", "code", "no array")]
    [InlineData("""{ "data": [ { "id": 1 } ] }""", "/data", "code", "no member 'code'")]
    [InlineData("""{ "data": [] }""", "/items/0", "code", "nothing at '/items/0'")]
    [InlineData("{ no json", null, null, "cannot be used")]
    public async Task What_is_no_list_of_values_is_the_failure_of_each(string body, string? items, string? id, string named)
    {
        _origin.Answer = context => TestOrigin.Json(context, body);
        await using var harness = Harness(new() { ["Items"] = items, ["Id"] = id });

        var results = await CallAsync(harness, "DE", "NL");

        Assert.All(results, r => Assert.Equal((OriginResultKind.Failed, ProblemKind.OriginFailed), (r.Kind, r.Problem!.Kind)));
        Assert.Contains(named, results[1].Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_call_for_many_is_retried_with_a_permit_for_each_attempt_and_404_is_nobodys_absence()
    {
        var calls = 0;
        _origin.Answer = context =>
        {
            context.Response.StatusCode = ++calls == 1 ? 503 : 404;
            return Task.CompletedTask;
        };
        await using var harness = Harness(new() { ["Id"] = "code" }, new() { ["RateLimit:PerSecond"] = "100", ["Retry:MaxRetryAttempts"] = "1", ["Retry:Delay"] = "00:00:00" });

        var results = await CallAsync(harness, "DE", "NL");

        Assert.Equal(2, calls);
        Assert.Equal(2, harness.Limiters.Of("partner").Seen.Count(static seen => seen.Reply.Status == PermitStatus.Granted));
        Assert.All(results, static r => Assert.Equal(OriginResultKind.Failed, r.Kind));
    }

    [Theory]
    [InlineData("Get", null, "Many:Get")]
    [InlineData("Get", "countries?codes={cod}", "code")]
    [InlineData("Get", "countries", "code")]
    [InlineData("Argument", "cod", "Many:Argument")]
    [InlineData("Separator", " ", "Many:Separator")]
    [InlineData("Items", "data", "JSON Pointer")]
    [InlineData("Max", "1", "2 to 1000")]
    public void Wrong_settings_are_named_before_the_start(string key, string? value, string named)
    {
        var error = Assert.ThrowsAny<Exception>(() => Harness(new() { [key] = value }).Caller);

        Assert.Contains(named, error.ToString(), StringComparison.Ordinal);
    }

    private static Task<System.Collections.Immutable.ImmutableArray<OriginResult>> CallAsync(OriginHarness harness, params string[] codes) =>
        harness.Caller.CallManyAsync(
            harness.Policies.For(RegionName.OfMethod("default", "1.0", "partner", "country")),
            [.. codes.Select(static code => new BatchItem([new("code", code)]))],
            caller: null,
            TestContext.Current.CancellationToken);

    private OriginHarness Harness(Dictionary<string, string?> many, Dictionary<string, string?>? more = null)
    {
        var settings = new Dictionary<string, string?>(more ?? [])
        {
            ["BaseAddress"] = _origin.Address,
            ["Methods:country:Get"] = "countries/{code}",
            ["Methods:country:Tags:0"] = "country:{code}",
            ["Methods:country:Many:Get"] = "countries?codes={code}",
            ["Methods:country:Many:Argument"] = "code",
        };
        foreach (var (key, value) in many)
            settings[$"Methods:country:Many:{key}"] = value;
        return OriginHarness.Make(settings);
    }
}
