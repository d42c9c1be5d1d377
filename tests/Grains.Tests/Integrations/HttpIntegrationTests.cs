using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public sealed class HttpIntegrationTests : IAsyncLifetime
{
    private TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

    [Fact]
    public async Task A_value_comes_with_its_type_validators_and_tags()
    {
        _origin.Answer = context =>
        {
            context.Response.Headers.ETag = "\"7\"";
            context.Response.Headers.LastModified = "Wed, 21 Oct 2015 07:28:00 GMT";
            return TestOrigin.Json(context, """{"name":"Nederland"}""");
        };
        await using var harness = Harness(new() { ["Methods:country:Tags:0"] = "country:{code}", ["Methods:country:Tags:1"] = "countries" });

        var result = await harness.CallAsync();

        Assert.Equal(OriginResultKind.Value, result.Kind);
        Assert.Equal("""{"name":"Nederland"}""", Encoding.UTF8.GetString(result.Bytes));
        Assert.Equal(("application/json", null, "\"7\"", "Wed, 21 Oct 2015 07:28:00 GMT"), (result.ContentType, result.Encoding, result.ETag, result.LastModified));
        Assert.Equal(["country:NL", "countries"], result.Tags.ToArray());
        Assert.Equal("/countries/NL", _origin.Seen.Single().Target);
        Assert.Equal("identity", _origin.Seen.Single().Headers["Accept-Encoding"]);
    }

    [Theory]
    [InlineData("a b/ü:{c}", "country:a b/ü:{c}")]
    [InlineData("a,b", "country:a%2Cb")]
    [InlineData("a%2Cb", "country:a%252Cb")]
    [InlineData("a\n\u0085", "country:a%0A%C2%85")]
    public async Task A_tag_is_made_of_any_argument(string code, string tag)
    {
        await using var harness = Harness(new() { ["Methods:country:Tags:0"] = "country:{code}" });

        Assert.Equal([tag], (await harness.CallAsync(arguments: ("code", code))).Tags.ToArray());
    }

    [Theory]
    [InlineData("a/b?c=d&e#f%g h", "/countries/a%2Fb%3Fc%3Dd%26e%23f%25g%20h")]
    [InlineData("Ελλάδα", "/countries/%CE%95%CE%BB%CE%BB%CE%AC%CE%B4%CE%B1")]
    [InlineData("..%2F", "/countries/..%252F")]
    public async Task Arguments_can_not_leave_their_place_in_the_path(string code, string target)
    {
        await using var harness = Harness([]);

        await harness.CallAsync(arguments: ("code", code));

        Assert.Equal(target, _origin.Seen.Single().Target);
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_argument_that_leads_elsewhere_is_refused_before_anything_leaves(string? code)
    {
        await using var harness = Harness([]);

        var result = await harness.CallAsync(arguments: ("code", code));

        Assert.Equal((ProblemKind.BadCall, "bad-argument"), (result.Problem!.Kind, result.Problem.Detail));
        Assert.Contains("'code'", result.Problem.Message, StringComparison.Ordinal);
        Assert.Empty(_origin.Seen);
    }

    [Theory]
    [InlineData("", "/orders")]
    [InlineData("status=open", "/orders?status=open")]
    [InlineData("page=2", "/orders?page=2")]
    [InlineData("status=a b,page=", "/orders?status=a%20b&page=")]
    public async Task Optional_arguments_of_the_query_may_be_left_out(string given, string target)
    {
        await using var harness = Harness(new() { ["Methods:orders:Get"] = "/orders?status={status?}&page={page?}" });
        (string, string?)[] arguments = [.. given.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => (pair.Split('=')[0], (string?)pair.Split('=')[1]))];

        await harness.Caller.CallAsync(
            new() { Policy = harness.Policies.For("default:1.0:partner:orders"), Arguments = [.. arguments.Select(pair => new CallArgument(pair.Item1, pair.Item2))] },
            TestContext.Current.CancellationToken);

        Assert.Equal(target, _origin.Seen.Single().Target);
    }

    [Theory]
    [InlineData("nothing", "unknown-method", "code=NL")]
    [InlineData("country", "missing-argument", "cod=NL")]
    [InlineData("country", "surplus-argument", "code=NL,x=1")]
    public async Task A_wrong_call_is_told_what_is_wrong(string method, string detail, string given)
    {
        await using var harness = Harness([]);

        var result = await harness.CallAsync(method, arguments: [.. given.Split(',').Select(pair => (pair.Split('=')[0], (string?)pair.Split('=')[1]))]);

        Assert.Equal((OriginResultKind.Failed, ProblemKind.BadCall, detail), (result.Kind, result.Problem!.Kind, result.Problem.Detail));
        Assert.Empty(_origin.Seen);
    }

    [Fact]
    public async Task A_conditional_request_that_matches_gives_not_modified()
    {
        _origin.Answer = context =>
        {
            context.Response.StatusCode = context.Request.Headers.IfNoneMatch == "\"7\"" ? 304 : 200;
            return Task.CompletedTask;
        };
        await using var harness = Harness([]);

        Assert.Equal(OriginResultKind.NotModified, (await harness.CallAsync(eTag: "\"7\"")).Kind);
        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal(1, harness.Meters.Count("orleanscache.origin.calls", "cache.integration=partner", "origin.outcome=not_modified"));
    }

    [Fact]
    public async Task An_origins_404_is_absence_with_its_words_and_is_not_retried()
    {
        _origin.AnswerStatus(404);
        await using var harness = Harness([]);

        var result = await harness.CallAsync();

        Assert.Equal((OriginResultKind.Absent, "\"no\"", ProblemKind.NotFound, "origin-404"),
            (result.Kind, Encoding.UTF8.GetString(result.Bytes), result.Problem!.Kind, result.Problem.Detail));
        Assert.Single(_origin.Seen);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(410)]
    public async Task Another_4xx_is_passed_on_as_it_came_and_is_not_retried(int status)
    {
        _origin.AnswerStatus(status);
        await using var harness = Harness([]);

        var problem = (await harness.CallAsync()).Problem!;

        Assert.Equal((ProblemKind.OriginRefused, $"origin-{status}", status, "application/json"), (problem.Kind, problem.Detail, problem.StatusCode, problem.ContentType));
        Assert.Equal("\"no\"", Encoding.UTF8.GetString(problem.Body!));
        Assert.Single(_origin.Seen);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _origin.Answer = context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };
        await using var harness = Harness([]);

        Assert.Equal("origin-302", (await harness.CallAsync()).Problem!.Detail);
        Assert.Single(_origin.Seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_8_MiB_is_too_large_whether_it_says_so_or_not(bool says)
    {
        _origin.Answer = async context =>
        {
            if (says)
                context.Response.ContentLength = IntegrationResponse.MaxBytes + 1;
            await context.Response.Body.WriteAsync(new byte[IntegrationResponse.MaxBytes + 1], context.RequestAborted);
        };
        await using var harness = Harness([]);

        Assert.Equal((ProblemKind.TooLarge, "too-large"), (await harness.CallAsync()).Problem is { } problem ? (problem.Kind, problem.Detail) : default);
        Assert.Single(_origin.Seen);
    }

    [Fact]
    public async Task A_body_of_8_MiB_fits()
    {
        _origin.Answer = context => context.Response.Body.WriteAsync(new byte[IntegrationResponse.MaxBytes], context.RequestAborted).AsTask();
        await using var harness = Harness([]);

        Assert.Equal(IntegrationResponse.MaxBytes, (await harness.CallAsync()).Bytes.Length);
    }

    [Fact]
    public async Task An_encoded_body_is_kept_with_its_encoding()
    {
        _origin.Answer = context =>
        {
            context.Response.Headers.ContentEncoding = "br";
            return context.Response.Body.WriteAsync(new byte[] { 1, 2, 3 }, context.RequestAborted).AsTask();
        };
        await using var harness = Harness([]);

        var result = await harness.CallAsync();

        Assert.Equal(("br", 3), (result.Encoding, result.Bytes.Length));
    }

    [Fact]
    public async Task Configured_headers_are_sent()
    {
        await using var harness = Harness(new() { ["Headers:X-Shop"] = "42", ["Headers:Accept"] = "application/json" });

        await harness.CallAsync();

        Assert.Equal(("42", "application/json"), (_origin.Seen.Single().Headers["X-Shop"], _origin.Seen.Single().Headers["Accept"]));
    }

    [Fact]
    public async Task A_connection_that_breaks_is_retried_and_then_a_reset()
    {
        _origin.Answer = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await using var harness = Harness([]);

        Assert.Equal((ProblemKind.OriginFailed, "origin-reset"), (await harness.CallAsync()).Problem is { } problem ? (problem.Kind, problem.Detail) : default);
        Assert.Equal(3, _origin.Seen.Count);
    }

    [Fact]
    public async Task A_body_that_ends_early_is_a_failure_and_not_a_value()
    {
        _origin.Answer = async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("half", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        };
        await using var harness = Harness([]);

        Assert.Equal("origin-reset", (await harness.CallAsync()).Problem!.Detail);
    }

    [Fact]
    public async Task Nobody_listening_is_a_failed_origin()
    {
        await using var harness = OriginHarness.Make(new()
        {
            ["BaseAddress"] = $"http://127.0.0.1:{FreePort.Next()}",
            ["Retry:MaxRetryAttempts"] = "0",
            ["Methods:country:Get"] = "countries/{code}",
        });

        Assert.Equal("origin-reset", (await harness.CallAsync()).Problem!.Detail);
    }

    [Fact]
    public async Task An_unsafe_method_is_not_retried_unless_told()
    {
        _origin.AnswerStatus(503);
        await using var harness = Harness(new() { ["Methods:order:Post"] = "orders/{id}", ["Methods:sure:Post"] = "orders/{id}", ["Methods:sure:Retry:UnsafeMethods"] = "true" });

        await harness.CallAsync("order", arguments: ("id", "1"));
        Assert.Equal("POST", Assert.Single(_origin.Seen).Method);
        await harness.CallAsync("sure", arguments: ("id", "1"));
        Assert.Equal(4, _origin.Seen.Count);
    }

    private OriginHarness Harness(Dictionary<string, string?> settings) => OriginHarness.Make(new(settings)
    {
        ["BaseAddress"] = _origin.Address,
        ["Retry:MaxRetryAttempts"] = "2",
        ["Retry:Delay"] = "00:00:00",
        ["Methods:country:Get"] = "countries/{code}",
    });
}
