using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Silo.Tests;

public sealed class GatewayTests : IAsyncLifetime
{
    private static readonly EntryValue Value = new() { Bytes = "{}"u8.ToArray(), ContentType = "application/json", Version = 7 };
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task A_call_reaches_the_method_with_its_arguments_decoded()
    {
        (string, string, IReadOnlyDictionary<string, string?>)? seen = null;
        _face.Cache.Call = (integration, method, arguments) =>
        {
            seen = (integration, method, arguments);
            return new(new ReadReply { Status = ReadStatus.Loaded, Value = Value, Stored = true });
        };

        using var answer = await GetAsync("partner/country?code=N%26L&x");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("OrleansCache; fwd=miss; stored", answer.CacheStatus());
        Assert.Equal("\"7\"", answer.Header("ETag"));
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal(("partner", "country"), (seen!.Value.Item1, seen.Value.Item2));
        Assert.Equal(["code=N&L", "x="], seen.Value.Item3.Select(a => $"{a.Key}={a.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_has_the_value_is_told_so()
    {
        _face.Cache.Call = (_, _, _) => new(new ReadReply { Status = ReadStatus.Hit, Value = Value, FreshMilliseconds = 1000 });
        using var request = new HttpRequestMessage(HttpMethod.Get, "partner/country?code=NL") { Headers = { { "If-None-Match", "\"7\"" } } };

        using var answer = await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.NotModified, ""), (answer.StatusCode, await answer.TextAsync()));
    }

    [Fact]
    public async Task What_the_origin_does_not_have_is_so_whatever_its_caller_has()
    {
        _face.Cache.Call = static (_, _, _) => new(new ReadReply { Status = ReadStatus.Hit, Value = Value with { IsAbsent = true } });
        using var request = new HttpRequestMessage(HttpMethod.Get, "partner/country?code=XX") { Headers = { { "If-None-Match", "\"7\"" } } };

        using var answer = await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_session_is_named_by_a_header()
    {
        var seen = new List<string?>();
        _face.Cache.Call = (_, _, _) =>
        {
            seen.Add(CacheSession.Current?.Id);
            return new(new ReadReply { Status = ReadStatus.Hit, Value = Value });
        };

        await _face.SendRawAsync("GET /partner/country?code=NL", "OrleansCache-Session: page-7\r\n");
        await _face.SendRawAsync("GET /partner/country?code=NL");

        Assert.Equal(["page-7", null], seen);
    }

    [Theory]
    [InlineData("OrleansCache-Session:")]
    [InlineData("OrleansCache-Session: two words")]
    [InlineData("OrleansCache-Session: a\r\nOrleansCache-Session: b")]
    public async Task A_header_that_names_no_session_is_400_and_nobody_is_asked(string header)
    {
        _face.Cache.Call = (_, _, _) => throw new InvalidOperationException("asked");

        var answer = await _face.SendRawAsync("GET /partner/country?code=NL", header + "\r\n");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("\"type\":\"bad-session\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("partner/country?code=NL&code=DE", "repeated-argument", "'code'")]
    [InlineData("partner/country?code=%FF", "bad-argument", "'code'")]
    [InlineData("partner/%FF", "bad-encoding", "method")]
    public async Task A_bad_query_is_400_and_nobody_is_asked(string path, string type, string named)
    {
        _face.Cache.Call = (_, _, _) => throw new InvalidOperationException("asked");

        var answer = await _face.SendRawAsync($"GET /{path}");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains($"\"type\":\"{type}\"", answer, StringComparison.Ordinal);
        Assert.Contains(named, answer, StringComparison.Ordinal);
        if (type != "bad-encoding")
            Assert.Contains($"Cache-Status: OrleansCache; detail={type}\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown-integration", 404)]
    [InlineData("unknown-method", 404)]
    [InlineData("missing-argument", 400)]
    [InlineData("surplus-argument", 400)]
    [InlineData("bad-argument", 400)]
    public async Task A_wrong_call_is_told_in_the_owners_words(string detail, int status)
    {
        Fail(new() { Kind = ProblemKind.BadCall, Detail = detail, Message = "There is no 'x'; use 'y'." });

        using var answer = await GetAsync("partner/country?code=NL");

        Assert.Equal("There is no 'x'; use 'y'.", await answer.ProblemAsync(status, detail));
        Assert.Equal($"OrleansCache; detail={detail}", answer.CacheStatus());
    }

    [Fact]
    public async Task An_origins_refusal_is_passed_on_as_it_came()
    {
        Fail(new() { Kind = ProblemKind.OriginRefused, StatusCode = 422, Detail = "origin-422", Body = "no"u8.ToArray(), ContentType = "text/plain" });

        using var answer = await GetAsync("partner/country?code=NL");

        Assert.Equal((422, "no", "text/plain"), ((int)answer.StatusCode, await answer.TextAsync(), answer.Header("Content-Type")));
        Assert.Equal("OrleansCache; fwd=miss; detail=origin-422", answer.CacheStatus());
    }

    [Fact]
    public async Task An_origins_404_is_passed_on_cached_or_not()
    {
        Fail(new() { Kind = ProblemKind.NotFound, StatusCode = 404, Detail = "absent", Body = "none"u8.ToArray(), ContentType = "text/plain" });
        using var uncached = await GetAsync("partner/country?code=XX");
        _face.Cache.Call = (_, _, _) => new(new ReadReply
        {
            Status = ReadStatus.Hit, FreshMilliseconds = 4000,
            Value = new() { IsAbsent = true, Bytes = "none"u8.ToArray(), ContentType = "text/plain", Version = 3 },
        });

        using var cached = await GetAsync("partner/country?code=XX");

        Assert.Equal((HttpStatusCode.NotFound, "none"), (uncached.StatusCode, await uncached.TextAsync()));
        Assert.Equal((HttpStatusCode.NotFound, "none"), (cached.StatusCode, await cached.TextAsync()));
        Assert.Equal("OrleansCache; hit; ttl=4; detail=absent", cached.CacheStatus());
        Assert.Equal(("no-store", "no-cache"), (uncached.Header("Cache-Control"), cached.Header("Cache-Control")));
    }

    public static TheoryData<string, int, string, string?, bool> Failures { get; } = new()
    {
        { nameof(ProblemKind.OriginFailed), 502, "origin-failed", "3", true },
        { nameof(ProblemKind.BreakerOpen), 502, "breaker-open", "3", false },
        { nameof(ProblemKind.TooLarge), 502, "origin-too-large", null, true },
        { nameof(ProblemKind.Timeout), 504, "origin-timeout", null, true },
        { nameof(ProblemKind.Limited), 503, "limited", "3", false },
        { nameof(ProblemKind.Overloaded), 503, "overloaded", "3", false },
        { nameof(ProblemKind.Unavailable), 503, "unavailable", "3", false },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Each_failure_has_its_status(string kind, int status, string type, string? retryAfter, bool forwarded)
    {
        Fail(new() { Kind = Enum.Parse<ProblemKind>(kind), Detail = "why", Message = "It is so.", RetryAfterMilliseconds = 2100 });

        using var answer = await GetAsync("partner/country?code=NL");

        Assert.Equal("It is so.", await answer.ProblemAsync(status, type));
        Assert.Equal(retryAfter, answer.Header("Retry-After"));
        Assert.Equal($"OrleansCache;{(forwarded ? " fwd=miss;" : "")} detail=why", answer.CacheStatus());
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    [Fact]
    public async Task The_dashboards_last_error_is_none_of_a_callers_and_no_absence()
    {
        var statistics = _face.Services.GetRequiredService<SiloStatistics>();
        foreach (var kind in new[] { ProblemKind.BadCall, ProblemKind.NotFound })
        {
            Fail(new() { Kind = kind, Detail = "why", StatusCode = 404 });
            (await GetAsync("partner/country?code=NL")).Dispose();
        }

        Assert.Null(statistics.ErrorOf("partner"));
        Fail(new() { Kind = ProblemKind.OriginFailed, Detail = "origin-500" });
        (await GetAsync("partner/country?code=NL")).Dispose();
        Assert.Equal("origin-500", statistics.ErrorOf("partner")!.Detail);
    }

    [Fact]
    public async Task A_client_that_goes_away_is_no_error()
    {
        var asked = new TaskCompletionSource();
        var never = new TaskCompletionSource<ReadReply>();
        _face.Cache.Call = (_, _, _) =>
        {
            asked.TrySetResult();
            return new(never.Task);
        };
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var pending = _face.Http.GetAsync("partner/country?code=NL", gone.Token);
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        Assert.DoesNotContain(_face.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private void Fail(LoadProblem problem) => _face.Cache.Call = (_, _, _) => new(new ReadReply { Status = ReadStatus.Failed, Problem = problem });

    private Task<HttpResponseMessage> GetAsync(string path) => _face.Http.GetAsync(path, TestContext.Current.CancellationToken);
}
