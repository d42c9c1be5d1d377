using System.Net;
using System.Text;

namespace OrleansCache.Silo.Tests;

public sealed class EntriesTests : IAsyncLifetime
{
    private static readonly EntryValue Value = new()
    {
        Bytes = "hello"u8.ToArray(), ContentType = "text/plain", Version = 42,
        LastModified = 1_767_225_600_000_000, LastRetrieved = 1_767_225_600_000_000,
    };

    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task Explain_tells_the_difference_when_it_is_asked_for()
    {
        _face.Cache.Difference = new() { From = 1, To = 2, Changes = [new("/status", "changed", "\"new\"", "\"paid\"")] };

        var without = await _face.Http.GetStringAsync("api/v1/entries/r/k/explain", TestContext.Current.CancellationToken);
        var with = await _face.Http.GetStringAsync("api/v1/entries/r/k/explain?difference=true", TestContext.Current.CancellationToken);
        using var wrong = await _face.Http.GetAsync("api/v1/entries/r/k/explain?difference=yes", TestContext.Current.CancellationToken);

        Assert.DoesNotContain("difference", without, StringComparison.Ordinal);
        Assert.Contains("""
            "difference":{"from":1,"to":2,"changes":[{"path":"/status","kind":"changed","old":"\\"new\\"","new":"\\"paid\\""}],"hasMore":false,"unknown":null}
            """.Trim().Replace("\\\\", "\\", StringComparison.Ordinal), with, StringComparison.Ordinal);
        await wrong.ProblemAsync(400, "bad-argument");
    }

    [Theory]
    [InlineData("GET /api/v1/entries/r/k/explain?diference=true", "'diference' is no argument of this path: did you mean 'difference'?")]
    [InlineData("POST /api/v1/tags/t/invalidate?debonce=1", "'debonce' is no argument of this path: did you mean 'debounce'?")]
    [InlineData("POST /api/v1/tags/t/invalidate?wait=1", "'wait' is no argument of this path; known are debounce, atMost.")]
    [InlineData("GET /api/v1/entries/r/what?is=this", "'is' is no argument of this path, which takes none; leave it out, and write a ? of a key as %3F.")]
    [InlineData("PUT /api/v1/entries/r/k?maxAge=5", "'maxAge' is no argument of this path, which takes none")]
    [InlineData("POST /api/v1/events?source=x", "'source' is no argument of this path")]
    public async Task A_misspelt_name_in_the_query_is_refused_and_nothing_is_done(string request, string said)
    {
        var answer = await _face.SendRawAsync(request);

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("surplus-argument", answer, StringComparison.Ordinal);
        Assert.Contains(said, System.Text.RegularExpressions.Regex.Unescape(answer), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
        Assert.Empty(_face.Cache.Raised);
    }

    [Fact]
    public async Task A_hit_has_its_bytes_and_all_its_headers()
    {
        _face.Cache.Get = _ => Hit();

        using var answer = await GetAsync("r", "k");

        Assert.Equal("hello", await answer.TextAsync());
        Assert.Equal("OrleansCache; hit; ttl=29", answer.CacheStatus());
        Assert.Equal("3", answer.Header("Age"));
        Assert.Equal("\"42\"", answer.Header("ETag"));
        Assert.Equal("Thu, 01 Jan 2026 00:00:00 GMT", answer.Header("Last-Modified"));
        Assert.Equal("text/plain", answer.Header("Content-Type"));
        Assert.Equal("5", answer.Header("Content-Length"));
        Assert.Equal("no-cache", answer.Header("Cache-Control"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Contains("sandbox", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HEAD_is_GET_without_the_body()
    {
        _face.Cache.Get = _ => Hit();

        var answer = await _face.SendRawAsync("HEAD /api/v1/entries/r/k");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Length: 5\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"42\"", 304)]
    [InlineData("W/\"42\"", 304)]
    [InlineData("*", 304)]
    [InlineData("\"41\", \"42\"", 304)]
    [InlineData("\"41\"", 200)]
    public async Task Who_has_the_value_is_told_so(string tag, int status)
    {
        _face.Cache.Get = _ => Hit();

        using var answer = await SendAsync(HttpMethod.Get, "k", ("If-None-Match", tag));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("\"42\"", answer.Header("ETag"));
        Assert.Equal("OrleansCache; hit; ttl=29", answer.CacheStatus());
        Assert.Equal(status == 304 ? "" : "hello", await answer.TextAsync());
    }

    [Theory]
    [InlineData("If-Match", "\"42\"", 200)]
    [InlineData("If-Match", "*", 200)]
    [InlineData("If-Match", "\"1\"", 412)]
    [InlineData("If-Match", "W/\"42\"", 412)]
    [InlineData("If-Match", "42", 400)]
    [InlineData("If-None-Match", "garbage", 400)]
    [InlineData("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", 200)]
    [InlineData("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT", 412)]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", 304)]
    [InlineData("If-Modified-Since", "Wed, 31 Dec 2025 23:59:59 GMT", 200)]
    [InlineData("If-Modified-Since", "yesterday", 200)]
    public async Task A_read_keeps_to_its_condition(string header, string value, int status)
    {
        _face.Cache.Get = _ => Hit();

        using var answer = await SendAsync(HttpMethod.Get, "k", (header, value));

        Assert.Equal(status, (int)answer.StatusCode);
        var told = status < 400 ? ("\"42\"", "no-cache") : ((string?)null, "no-store");
        Assert.Equal(told, (answer.Header("ETag"), answer.Header("Cache-Control")));
        Assert.Equal(status < 400, answer.CacheStatus() is not null);
    }

    [Fact]
    public async Task A_tag_goes_before_a_date()
    {
        _face.Cache.Get = _ => Hit();

        using var read = await SendAsync(HttpMethod.Get, "k", ("If-None-Match", "\"41\""), ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"));
        using var matched = await SendAsync(HttpMethod.Get, "k", ("If-Match", "\"42\""), ("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT"));

        Assert.Equal((200, 200), ((int)read.StatusCode, (int)matched.StatusCode));
    }

    [Fact]
    public async Task Last_Modified_is_never_later_than_Date()
    {
        var ahead = TimeProvider.System.GetUtcNow().AddSeconds(30).ToUnixTimeMilliseconds() * 1000;
        foreach (var modified in new[] { ahead, ahead - 30_000_000 })
        {
            _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Hit, Value = Value with { LastModified = modified } });

            using var answer = await GetAsync("r", "k");

            Assert.True(answer.Content.Headers.LastModified <= answer.Headers.Date, $"{answer.Content.Headers.LastModified} > {answer.Headers.Date}");
        }
    }

    [Fact]
    public async Task Absence_is_a_problem_that_says_how_a_value_comes()
    {
        using var answer = await GetAsync("r", "k");

        await answer.ProblemAsync(404, "absent");
        Assert.Equal("OrleansCache; detail=absent", answer.CacheStatus());
        Assert.Equal(("no-store", "nosniff"), (answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("code%3DNL%26x%3D%2525", "code=NL&x=%25")]
    [InlineData("%2E%2E", "..")]
    [InlineData("a:b", "a:b")]
    [InlineData("caf%C3%A9", "café")]
    [InlineData("a%20b", "a b")]
    [InlineData("explain", "explain")]
    public async Task A_key_is_one_segment_decoded_once(string raw, string key)
    {
        await _face.SendRawAsync($"GET /api/v1/entries/re%2Fgion/{raw}");

        Assert.Equal(CacheKey.Of("re/gion", key), Assert.Single(_face.Cache.Keys));
    }

    [Theory]
    [InlineData("%FF", "bad-encoding")]
    [InlineData("%C3", "bad-encoding")]
    [InlineData("100%", "bad-encoding")]
    [InlineData("%zz", "bad-encoding")]
    public async Task A_key_that_cannot_be_decoded_is_refused(string raw, string type)
    {
        var answer = await _face.SendRawAsync($"GET /api/v1/entries/r/{raw}");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains($"\"type\":\"{type}\"", answer, StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Fact]
    public async Task A_key_of_10000_characters_is_refused_with_the_reason()
    {
        using var answer = await GetAsync("r", new string('k', 10_000));

        Assert.Contains("4096", await answer.ProblemAsync(400, "bad-key"), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Fact]
    public async Task A_key_of_4096_bytes_written_as_percents_fits_the_request_line()
    {
        using var answer = await GetAsync("r", new string('é', 2048));

        await answer.ProblemAsync(404, "absent");
    }

    [Theory]
    [InlineData("GET /api/v1/entries/r/a/b")]
    [InlineData("GET /api/v1/entries/r/a/")]
    [InlineData("GET /api/v1/entries/r")]
    [InlineData("GET /api/v1/entries/r/")]
    [InlineData("GET /api/v2/entries/r/k")]
    [InlineData("GET /api/v1/other/r/k")]
    [InlineData("GET /api")]
    [InlineData("GET /nowhere")]
    [InlineData("GET /orleans")]
    [InlineData("GET /healthz/dead")]
    [InlineData("GET /dashboard/nothing.js")]
    public async Task A_path_that_is_not_served_says_which_are(string requestLine)
    {
        var answer = await _face.SendRawAsync(requestLine);

        Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
        Assert.Contains("\"type\":\"unknown-path\"", answer, StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Fact]
    public async Task A_new_entry_is_201_and_a_replaced_one_200_each_with_its_tag()
    {
        var stored = new List<(CacheKey Key, RawValue Value, EntryOptions? Options)>();
        _face.Cache.Set = (key, value, options, _) =>
        {
            stored.Add((key, value, options));
            return new() { Status = WriteStatus.Accepted, Version = 40 + stored.Count, Existed = stored.Count > 1 };
        };

        using var first = await PutAsync("k", "one", ("Cache-Control", "max-age=60"), ("Cache-Tag", "a, b"));
        using var second = await PutAsync("k", "two");

        Assert.Equal((HttpStatusCode.Created, "\"41\""), (first.StatusCode, first.Header("ETag")));
        Assert.Equal((HttpStatusCode.OK, "\"42\""), (second.StatusCode, second.Header("ETag")));
        Assert.Equal(CacheKey.Of("r", "k"), stored[0].Key);
        Assert.Equal(("one", "text/plain; charset=utf-8"), (Encoding.UTF8.GetString(stored[0].Value.Bytes), stored[0].Value.ContentType));
        Assert.Equal(TimeSpan.FromSeconds(60), stored[0].Options!.FreshFor);
        Assert.Equal(["a", "b"], stored[0].Options!.Tags);
    }

    [Theory]
    [InlineData("If-Match", "\"7\"", "version 7")]
    [InlineData("If-Match", "*", "present")]
    [InlineData("If-None-Match", "*", "absent")]
    [InlineData("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", "version 7")]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", "always")]
    [InlineData(null, null, "always")]
    public async Task Conditions_reach_the_owner(string? header, string? value, string expected)
    {
        WriteCondition? seen = null;
        _face.Cache.Set = (_, _, _, when) =>
        {
            seen = when;
            return new() { Status = WriteStatus.Accepted, Version = 1 };
        };
        WriteCondition? removal = null;
        _face.Cache.Remove = (_, when) =>
        {
            removal = when;
            return new() { Status = WriteStatus.Accepted };
        };
        _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Hit, Value = Value with { Version = 7 } });
        (string, string)[] headers = header is null ? [] : [(header, value!)];

        using var answer = await PutAsync("k", "v", headers);
        using var removed = await SendAsync(HttpMethod.Delete, "k", headers);

        Assert.Equal(expected switch
        {
            "present" => WriteCondition.IfPresent,
            "absent" => WriteCondition.IfAbsent,
            "always" => default,
            _ => WriteCondition.IfVersion(7),
        }, seen);
        Assert.Equal(seen, removal);
    }

    [Fact]
    public async Task A_change_of_what_was_modified_since_is_412_and_of_what_is_not_there_creates()
    {
        WriteCondition? seen = null;
        _face.Cache.Set = (_, _, _, when) =>
        {
            seen = when;
            return new() { Status = WriteStatus.Accepted, Version = 1 };
        };
        var since = ("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT");

        using var created = await PutAsync("k", "v", since);
        Assert.Equal(WriteCondition.IfAbsent, seen);
        _face.Cache.Get = _ => Hit();
        seen = null;
        using var refused = await PutAsync("k", "v", since);

        Assert.Contains("\"42\"", await refused.ProblemAsync(412, "precondition-failed"), StringComparison.Ordinal);
        Assert.Null(seen);
    }

    [Fact]
    public async Task A_condition_on_what_cannot_be_read_now_is_503()
    {
        _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable, Message = "The store is away." } });

        using var tags = await PutAsync("k", "v", ("If-Match", "\"41\", \"42\""));
        using var date = await PutAsync("k", "v", ("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT"));

        Assert.Equal("The store is away.", await tags.ProblemAsync(503, "unavailable"));
        await date.ProblemAsync(503, "unavailable");
    }

    [Fact]
    public async Task Of_several_tags_the_current_one_is_the_condition()
    {
        WriteCondition? seen = null;
        _face.Cache.Get = _ => Hit();
        _face.Cache.Set = (_, _, _, when) =>
        {
            seen = when;
            return new() { Status = WriteStatus.Accepted, Version = 43 };
        };

        using var held = await PutAsync("k", "v", ("If-Match", "\"41\", \"42\""));
        using var failed = await PutAsync("k", "v", ("If-Match", "\"40\", \"41\""));

        Assert.Equal(WriteCondition.IfVersion(42), seen);
        await failed.ProblemAsync(412, "precondition-failed");
    }

    [Fact]
    public async Task A_condition_that_does_not_hold_is_412_with_the_current_version()
    {
        _face.Cache.Set = (_, _, _, _) => new() { Status = WriteStatus.ConditionFailed, Version = 42 };
        _face.Cache.Remove = (_, _) => new() { Status = WriteStatus.ConditionFailed, Version = 42 };

        using var answer = await PutAsync("k", "v", ("If-Match", "\"7\""));
        using var removal = await SendAsync(HttpMethod.Delete, "k", ("If-None-Match", "*"));

        Assert.Contains("\"42\"", await answer.ProblemAsync(412, "precondition-failed"), StringComparison.Ordinal);
        await removal.ProblemAsync(412, "precondition-failed");
        Assert.Equal(("\"42\"", "\"42\""), (answer.Header("ETag"), removal.Header("ETag")));
    }

    [Theory]
    [InlineData("W/\"7\"", "weak")]
    [InlineData("\"abc\"", "no value")]
    public async Task A_tag_that_no_version_can_match_strongly_is_412_and_says_why(string tag, string why)
    {
        using var answer = await PutAsync("k", "v", ("If-Match", tag));

        Assert.Contains(why, await answer.ProblemAsync(412, "precondition-failed"), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Theory]
    [InlineData("If-Match", "7", "If-Match is 7")]
    [InlineData("If-None-Match", "\"7\"", "If-None-Match is \"7\"")]
    [InlineData("If-Unmodified-Since", "yesterday", "If-Unmodified-Since is 'yesterday'")]
    [InlineData("Cache-Control", "stale-while-revalidate=10", "give max-age too")]
    [InlineData("Cache-Control", "max-age=-5", "max-age=-5")]
    public async Task A_header_that_cannot_be_used_is_400_and_nothing_is_stored(string header, string value, string named)
    {
        using var answer = await PutAsync("k", "v", (header, value));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(named, (string?)(await answer.JsonAsync())["detail"], StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Theory]
    [InlineData(8 * 1024 * 1024, false, 201)]
    [InlineData(8 * 1024 * 1024 + 1, false, 413)]
    [InlineData(8 * 1024 * 1024, true, 201)]
    [InlineData(8 * 1024 * 1024 + 1, true, 413)]
    public async Task A_body_over_8_MiB_is_413_and_nothing_is_stored(int length, bool chunked, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "api/v1/entries/r/k") { Content = new ByteArrayContent(new byte[length]) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;

        using var answer = await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);

        if (status == 413)
            Assert.Contains("8388608", await answer.ProblemAsync(413, "too-large"), StringComparison.Ordinal);
        Assert.Equal((status, status == 413 ? 0 : 1), ((int)answer.StatusCode, _face.Cache.Keys.Count));
    }

    [Fact]
    public async Task DELETE_is_204_whether_or_not_something_was_there()
    {
        using var first = await SendAsync(HttpMethod.Delete, "k");
        _face.Cache.Remove = (_, _) => new() { Status = WriteStatus.Accepted, Existed = true, Version = 5 };
        using var second = await SendAsync(HttpMethod.Delete, "k");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (first.StatusCode, second.StatusCode));
    }

    [Fact]
    public async Task Without_proof_or_store_a_change_is_503_with_when_to_try_again()
    {
        _face.Cache.Set = (_, _, _, _) => new() { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 1500, Detail = "the store is unreachable" };
        _face.Cache.Remove = (_, _) => new() { Status = WriteStatus.Unavailable };

        using var put = await PutAsync("k", "v");
        using var delete = await SendAsync(HttpMethod.Delete, "k");

        Assert.Contains("the store is unreachable", await put.ProblemAsync(503, "unavailable"), StringComparison.Ordinal);
        Assert.Equal("2", put.Header("Retry-After"));
        await delete.ProblemAsync(503, "unavailable");
        Assert.Equal("1", delete.Header("Retry-After"));
    }

    [Fact]
    public async Task An_owner_that_cannot_be_reached_is_503()
    {
        _face.Cache.Get = _ => throw new CacheUnavailableException("No silo answers.", TimeSpan.FromSeconds(3));

        using var answer = await GetAsync("r", "k");

        await answer.ProblemAsync(503, "unavailable");
        Assert.Equal("3", answer.Header("Retry-After"));
    }

    [Theory]
    [InlineData("POST", "api/v1/entries/r/k", "GET, HEAD, PUT, DELETE")]
    [InlineData("PUT", "api/v1/entries/r/k/explain", "GET, HEAD")]
    [InlineData("POST", "partner/country?code=NL", "GET, HEAD")]
    [InlineData("DELETE", "healthz/ready", "GET, HEAD")]
    [InlineData("POST", "dashboard", "GET, HEAD")]
    public async Task Another_method_is_405_with_those_that_there_are(string method, string path, string allow)
    {
        using var request = new HttpRequestMessage(new(method), path);

        using var answer = await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Contains(method, await answer.ProblemAsync(405, "method-not-allowed"), StringComparison.Ordinal);
        Assert.Equal(allow, answer.Header("Allow"));
    }

    [Fact]
    public async Task Explain_of_an_unknown_key_is_200_with_every_field()
    {
        using var answer = await _face.Http.GetAsync("api/v1/entries/r/k/explain", TestContext.Current.CancellationToken);

        var body = (await answer.JsonAsync()).AsObject();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(
            ["region", "key", "state", "version", "originVersion", "lastRetrieved", "lastModified", "freshUntil", "staleUntil", "reason", "lastError", "limiter", "breaker", "owner", "view"],
            body.Select(field => field.Key));
        Assert.Equal(("absent", "v7"), ((string?)body["state"], (string?)body["originVersion"]));
    }

    [Fact]
    public async Task A_fault_is_told_without_its_inside_and_logged_without_the_key()
    {
        _face.Cache.Get = _ => throw new InvalidOperationException("inside");

        using var answer = await GetAsync("r", "secret-key");

        Assert.DoesNotContain("inside", await answer.ProblemAsync(500, "internal"), StringComparison.Ordinal);
        Assert.Contains(_face.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("inside", StringComparison.Ordinal));
        Assert.DoesNotContain(
            _face.Logs.Lines, line => !line.StartsWith("Debug", StringComparison.Ordinal) && line.Contains("secret-key", StringComparison.Ordinal));
    }

    private static ValueTask<ReadReply> Hit() =>
        new(new ReadReply { Status = ReadStatus.Hit, Value = Value, FreshMilliseconds = 29_500, AgeMilliseconds = 3_900 });

    private Task<HttpResponseMessage> GetAsync(string region, string key) =>
        _face.Http.GetAsync($"api/v1/entries/{Uri.EscapeDataString(region)}/{Uri.EscapeDataString(key)}", TestContext.Current.CancellationToken);

    private Task<HttpResponseMessage> PutAsync(string key, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, key, new StringContent(body), headers);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string key, params (string Name, string Value)[] headers) => SendAsync(method, key, null, headers);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string key, HttpContent? content, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, $"api/v1/entries/r/{Uri.EscapeDataString(key)}") { Content = content };
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value), name);
        return await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
