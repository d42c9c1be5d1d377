using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCache.Silo.Tests;

/// <summary>Many entries by one request.</summary>
public sealed class ManyTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_entries_are_read_by_one_request_each_with_its_own_end()
    {
        _face.Cache.Get = key => key.Key switch
        {
            "a" => new(Reply(ReadStatus.Hit, """{ "n": 1 }""")),
            "b" => new(Reply(ReadStatus.Stale, "12", "text/plain")),
            "zip" => new(Reply(ReadStatus.Hit, "1") is var zip ? zip with { Value = zip.Value! with { Encoding = "gzip" } } : default),
            "broken" => new(Reply(ReadStatus.Hit, "{ no json")),
            "gone" => new(new ReadReply { Status = ReadStatus.Hit, Value = new() { IsAbsent = true, Version = 9 } }),
            "away" => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable, RetryAfterMilliseconds = 1_500, Message = "No store." } }),
            "lost" => throw new CacheUnavailableException("No silo."),
            _ => default,
        };

        using var answer = await PostAsync("""{ "get": ["a", "none", "b", "a", "zip", "broken", "gone", "away", "lost"] }""");

        Assert.Equal(
            """
            [{"key":"a","status":"hit","version":7,"age":2,"contentType":"application/json","value":{ "n": 1 }},
            {"key":"none","status":"absent"},
            {"key":"b","status":"stale","version":7,"age":2,"contentType":"text/plain","base64":"MTI="},
            {"key":"a","status":"hit","version":7,"age":2,"contentType":"application/json","value":{ "n": 1 }},
            {"key":"zip","status":"hit","version":7,"age":2,"contentType":"application/json","contentEncoding":"gzip","base64":"MQ=="},
            {"key":"broken","status":"hit","version":7,"age":2,"contentType":"application/json","base64":"eyBubyBqc29u"},
            {"key":"gone","status":"hit","version":9,"age":0},
            {"key":"away","status":"failed","problem":{"type":"unavailable","title":"The key's owner or its store cannot serve this now","status":503,"detail":"No store.","retryAfter":2}},
            {"key":"lost","status":"failed","problem":{"type":"unavailable","title":"The key's owner or its store cannot serve this now","status":503,"detail":"No silo.","retryAfter":1}}]
            """.ReplaceLineEndings(""),
            await answer.TextAsync());
        Assert.Equal(8, _face.Cache.Keys.Count);
        Assert.Equal(("application/json", "no-store", "nosniff"), (answer.Header("Content-Type"), answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Many_entries_are_written_by_one_request()
    {
        var stored = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        _face.Cache.Set = (key, value, options, _) =>
        {
            if (key.Key == "away")
                throw new CacheUnavailableException("No silo.", TimeSpan.FromSeconds(3));
            stored[key.Key] = $"{key.Region} {Encoding.UTF8.GetString(value.Bytes)} {value.ContentType} {options!.FreshFor?.TotalSeconds} {options.StaleFor?.TotalSeconds} {string.Join(' ', options.Tags)}";
            return new() { Status = WriteStatus.Accepted, Version = 5 };
        };

        using var answer = await PostAsync("""{ "set": [ { "key": "a/1", "value": {"n":1}, "maxAge": 60, "staleWhileRevalidate": 5, "tags": ["t"] }, { "key": "away", "value": 1 }, { "key": "b", "value": null } ] }""", region: "r%2F1");

        Assert.Equal(
            [("a/1", "stored", 5, null), ("away", "failed", null, "unavailable"), ("b", "stored", 5, null)],
            JsonNode.Parse(await answer.TextAsync())!.AsArray().Select(one => ((string?)one!["key"], (string?)one["status"], (int?)one["version"], (string?)one["problem"]?["type"])));
        Assert.Equal("""r/1 {"n":1} application/json 60 5 t""", stored["a/1"]);
        Assert.Equal("r/1 null application/json   ", stored["b"]);
    }

    [Theory]
    [InlineData("{}", "get and set")]
    [InlineData("null", "null")]
    [InlineData("""["en", "de"]""", "At $, line 1, byte 1: the value is of another kind")]
    [InlineData("""{ "get": [], "set": [] }""", "get and set")]
    [InlineData("""{ "keys": [] }""", "keys is no field")]
    [InlineData("""{ "get": ["a", null] }""", "get[1]")]
    [InlineData("""{ "get": [""] }""", "get[0]")]
    [InlineData("""{ "set": [ null ] }""", "set[0]")]
    [InlineData("""{ "set": [ { "key": "a" } ] }""", "value is missing")]
    [InlineData("""{ "set": [ { "value": 1 } ] }""", "set[0].key")]
    [InlineData("""{ "set": [ { "key": "a", "value": 1, "ttl": 3 } ] }""", "ttl is no field")]
    [InlineData("""{ "set": [ { "key": "a", "value": 1, "maxAge": 0 } ] }""", "maxAge is 0")]
    [InlineData("""{ "set": [ { "key": "a", "value": 1, "tags": ["a,b"] } ] }""", "a,b")]
    [InlineData("""{ "set": [ { "key": "a", "value": 1 }, { "key": "a", "value": 2 } ] }""", "'a' twice")]
    [InlineData("{", "$")]
    public async Task A_wrong_request_for_many_is_told_with_its_place_and_nothing_is_done(string body, string named)
    {
        using var answer = await PostAsync(body);

        Assert.Contains(named, await answer.ProblemAsync(400, "bad-many"), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Fact]
    public async Task More_keys_than_a_request_may_name_and_what_is_no_JSON_are_refused()
    {
        using var many = await PostAsync($$"""{ "get": [{{string.Join(',', Enumerable.Range(0, ManyBody.MaxKeys + 1).Select(static i => $"\"{i}\""))}}] }""");
        using var text = await _face.Http.PostAsync("api/v1/entries/r/many", new StringContent("{}", Encoding.UTF8, "text/plain"), Ct);

        Assert.Contains("1001", await many.ProblemAsync(400, "bad-many"), StringComparison.Ordinal);
        await text.ProblemAsync(415, "bad-content-type");
    }

    [Fact]
    public async Task A_key_of_that_name_is_a_key_like_others()
    {
        using var answer = await _face.Http.GetAsync("api/v1/entries/r/many", Ct);

        await answer.ProblemAsync(404, "absent");
        Assert.Equal("many", _face.Cache.Keys.Single().Key);
    }

    [Fact]
    public async Task Calls_for_many_keys_are_of_the_session_that_their_header_names()
    {
        var seen = new List<string?>();
        _face.Cache.CallMany = (_, _, _) =>
        {
            seen.Add(CacheSession.Current?.Id);
            return [];
        };
        foreach (var session in new[] { "page-7", null, "two words" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/v1/calls/partner/report", UriKind.Relative)) { Content = Json("""{ "calls": [] }""") };
            if (session is not null)
                request.Headers.Add("OrleansCache-Session", session);
            using var answer = await _face.Http.SendAsync(request, Ct);
            if (session is "two words")
                await answer.ProblemAsync(400, "bad-session");
        }

        Assert.Equal(["page-7", null], seen);
    }

    [Fact]
    public async Task A_method_is_called_for_many_keys_by_one_request()
    {
        (string Integration, string Method, string Calls) asked = default;
        _face.Cache.CallMany = (integration, method, args) =>
        {
            asked = (integration, method, string.Join(';', args.Select(static one => string.Join(',', one.Select(static a => $"{a.Key}={a.Value ?? "null"}")))));
            return
            [
                new(CacheKey.Of("r", "a"), Reply(ReadStatus.Loaded, "1")),
                new(CacheKey.Of("r", "b"), new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.NotFound } }),
                new(default, new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.BadCall, Detail = "missing-argument", Message = "No code." } }),
            ];
        };

        using var answer = await _face.Http.PostAsync("api/v1/calls/partner/country", Json("""{ "calls": [ { "code": "NL", "n": 7 }, { "code": null, "x": true }, {} ] }"""), Ct);

        Assert.Equal(("partner", "country", "code=NL,n=7;code=null,x=true;"), asked);
        Assert.Equal(
            """
            [{"status":"loaded","version":7,"age":2,"contentType":"application/json","value":1},
            {"status":"absent"},
            {"status":"failed","problem":{"type":"missing-argument","title":"An argument is missing","status":400,"detail":"No code."}}]
            """.ReplaceLineEndings(""),
            await answer.TextAsync());
    }

    [Theory]
    [InlineData("[]", "no array calls")]
    [InlineData("{}", "no array calls")]
    [InlineData("""{ "calls": {} }""", "no array calls")]
    [InlineData("""{ "calls": [], "more": 1 }""", "more is no field")]
    [InlineData("""{ "calls": [ 1 ] }""", "calls[0]")]
    [InlineData("""{ "calls": [ { "a": [] } ] }""", "calls[0].a")]
    [InlineData("""{ "calls": [ { "a": 1, "a": 2 } ] }""", "'a' twice")]
    [InlineData("{", "JSON")]
    public async Task Wrong_arguments_of_many_calls_are_told_with_their_place(string body, string named)
    {
        using var answer = await _face.Http.PostAsync("api/v1/calls/partner/country", Json(body), Ct);

        Assert.Contains(named, await answer.ProblemAsync(400, "bad-many"), StringComparison.Ordinal);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static ReadReply Reply(ReadStatus status, string text, string type = "application/json") =>
        new() { Status = status, AgeMilliseconds = 2_500, Value = new() { Bytes = Encoding.UTF8.GetBytes(text), ContentType = type, Version = 7 } };

    private Task<HttpResponseMessage> PostAsync(string body, string region = "r") =>
        _face.Http.PostAsync($"api/v1/entries/{region}/many", new StringContent(body, Encoding.UTF8, "application/json"), Ct);
}
