using System.Net;
using System.Text;

namespace OrleansCache.Silo.Tests;

/// <summary>Events, tags and refresh over HTTP.</summary>
public sealed class EventsTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task An_event_with_a_value_writes_it_if_it_is_newer_and_raises_what_it_makes_out_of_date()
    {
        RawValue stored = default;
        EntryOptions? options = null;
        WriteCondition condition = default;
        _face.Cache.Set = (_, value, how, when) =>
        {
            (stored, options, condition) = (value, how, when);
            return new() { Status = WriteStatus.Accepted, Version = 43 };
        };

        using var answer = await PostAsync("events", """
            { "source": "orders", "sequence": 17, "region": "orders", "key": "4/2", "value": { "status":  "paid" },
              "maxAge": 60, "staleWhileRevalidate": 600, "tags": ["order:42"], "invalidates": ["status:new", "status:paid"] }
            """);

        Assert.Equal("""{"status":"applied","version":43}""", await answer.TextAsync());
        Assert.Equal("""{ "status":  "paid" }""", Encoding.UTF8.GetString(stored.Bytes));
        Assert.Equal("application/json", stored.ContentType);
        Assert.Equal(WriteCondition.IfNewerSource("orders", 17), condition);
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(600)), (options!.FreshFor, options.StaleFor));
        Assert.Equal(["order:42"], options.Tags);
        Assert.Equal(["4/2"], _face.Cache.Keys.Select(k => k.Key));
        Assert.Equal(["status:new", "status:paid"], _face.Cache.Raised);
    }

    [Fact]
    public async Task Without_a_value_an_event_removes_and_null_is_a_value()
    {
        string? stored = null;
        var removed = 0;
        _face.Cache.Set = (_, value, _, _) =>
        {
            stored = Encoding.UTF8.GetString(value.Bytes);
            return new() { Status = WriteStatus.Accepted, Version = 1 };
        };
        _face.Cache.Remove = (_, when) =>
        {
            removed++;
            return new() { Status = when == WriteCondition.IfNewerSource("s", 2) ? WriteStatus.ConditionFailed : WriteStatus.Accepted, Version = 9 };
        };

        using var answer = await PostAsync("events", """
            [ { "source": "s", "sequence": 1, "region": "r", "key": "a" },
              { "source": "s", "sequence": 2, "region": "r", "key": "b" },
              { "source": "s", "sequence": 3, "region": "r", "key": "c", "value": null } ]
            """);

        Assert.Equal("""[{"status":"applied","version":9},{"status":"superseded","version":9},{"status":"applied","version":1}]""", await answer.TextAsync());
        Assert.Equal(("null", 2), (stored, removed));
    }

    [Theory]
    [InlineData("""{ "sequence": 1, "region": "r", "key": "k" }""", "source is missing")]
    [InlineData("""{ "source": "s", "region": "r", "key": "k" }""", "sequence is missing")]
    [InlineData("""{ "source": "s", "sequence": -1, "region": "r", "key": "k" }""", "sequence")]
    [InlineData("""{ "source": "s", "sequence": "1", "region": "r", "key": "k" }""", "$.sequence")]
    [InlineData("""{ "source": " ", "sequence": 1, "region": "r", "key": "k" }""", "source")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "", "key": "k" }""", "region")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "tag": "x" }""", "tag is no field")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "maxAge": 5 }""", "maxAge")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "tags": ["a"] }""", "tags")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "value": 1, "maxAge": 0 }""", "maxAge is 0")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "value": 1, "staleWhileRevalidate": 5 }""", "staleWhileRevalidate is 5")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "value": 1, "maxAge": 5, "staleWhileRevalidate": -1 }""", "staleWhileRevalidate is -1")]
    [InlineData("""{ "source": "s", "sequence": 1, "region": "r", "key": "k", "invalidates": ["a,b"] }""", "a,b")]
    [InlineData("""[ { "source": "s", "sequence": 1, "region": "r", "key": "k" }, null ]""", "Event 1")]
    [InlineData("""[ { "source": "s", "sequence": 1, "region": "r", "key": "k" }, { "source": "s", "sequence": -2, "region": "r", "key": "k" } ]""", "Event 1")]
    [InlineData("null", "null")]
    [InlineData("{", "$")]
    public async Task A_wrong_event_is_told_with_its_field_and_none_is_done(string body, string named)
    {
        using var answer = await PostAsync("events", body);

        Assert.Contains(named, await answer.ProblemAsync(400, "bad-event"), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
        Assert.Empty(_face.Cache.Raised);
    }

    [Fact]
    public async Task Events_that_are_not_JSON_or_too_large_are_refused()
    {
        using var text = await _face.Http.PostAsync("api/v1/events", new StringContent("{}", Encoding.UTF8, "text/plain"), Ct);
        using var large = await PostAsync("events", new string(' ', BodyReader.MaxBytes + 1));

        Assert.Contains("text/plain", await text.ProblemAsync(415, "bad-content-type"), StringComparison.Ordinal);
        await large.ProblemAsync(413, "too-large");
    }

    [Fact]
    public async Task An_event_without_acknowledgement_is_named_so_that_all_can_be_sent_again()
    {
        _face.Cache.Remove = (key, _) => key.Key == "a" ? new() { Status = WriteStatus.Accepted } : throw new CacheUnavailableException("The store is away.", TimeSpan.FromSeconds(2));

        using var answer = await PostAsync("events", """
            [ { "source": "s", "sequence": 1, "region": "r", "key": "a", "invalidates": ["x"] }, { "source": "s", "sequence": 2, "region": "r", "key": "b" } ]
            """);

        Assert.Contains("Event 1", await answer.ProblemAsync(503, "unavailable"), StringComparison.Ordinal);
        Assert.NotNull(answer.Header("Retry-After"));
    }

    [Fact]
    public async Task A_tag_is_raised()
    {
        using var answer = await PostAsync("tags/status%3Anew%2F1/invalidate", "");
        using var bad = await PostAsync("tags/a%2Cb/invalidate", "");
        using var read = await _face.Http.GetAsync("api/v1/tags/a/invalidate", Ct);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(["status:new/1"], _face.Cache.Raised);
        Assert.Contains("'a,b'", await bad.ProblemAsync(400, "bad-cache-tag"), StringComparison.Ordinal);
        await read.ProblemAsync(405, "method-not-allowed");
    }

    [Fact]
    public async Task An_invalidation_may_wait_for_quiet()
    {
        using var tag = await PostAsync("tags/a/invalidate?debounce=0.5", "");
        using var bound = await PostAsync("tags/b/invalidate?debounce=2&atMost=30", "");
        using var sent = await PostAsync("events", """{ "source": "s", "sequence": 1, "region": "r", "key": "k", "invalidates": ["c"], "debounce": 1 }""");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.OK), (tag.StatusCode, sent.StatusCode));
        Assert.Equal(
            [("a", 0.5, 5.0), ("b", 2.0, 30.0), ("c", 1.0, 10.0)],
            _face.Cache.Debounced.Select(static d => (d.Tag, d.Debounce.Quiet.TotalSeconds, d.Debounce.AtMost.TotalSeconds)));
        Assert.Empty(_face.Cache.Raised);
    }

    [Theory]
    [InlineData("debounce=0")]
    [InlineData("debounce=-1")]
    [InlineData("debounce=x")]
    [InlineData("debounce=61")]
    [InlineData("debounce=2&atMost=1")]
    [InlineData("atMost=1")]
    public async Task A_time_of_quiet_that_is_none_is_refused(string query)
    {
        using var answer = await PostAsync($"tags/a/invalidate?{query}", "");

        await answer.ProblemAsync(400, "bad-debounce");
        Assert.Empty(_face.Cache.Debounced);
    }

    [Fact]
    public async Task A_refresh_says_what_became_of_it()
    {
        _face.Cache.Refresh = key => key.Key switch
        {
            "loaded" => new() { Status = ReadStatus.Loaded, Stored = true, Value = new() { Version = 42 } },
            "failed" => new() { Status = ReadStatus.Stale, Value = new() { Version = 42 }, Problem = new() { Kind = ProblemKind.OriginFailed, Detail = "origin-503" } },
            _ => default,
        };

        using var loaded = await PostAsync("entries/r/loaded/refresh", "");
        using var failed = await PostAsync("entries/r/failed/refresh", "");
        using var absent = await PostAsync("entries/r/none/refresh", "");
        using var many = await PostAsync("entries/r/many/refresh", "");

        Assert.Equal((HttpStatusCode.NoContent, "\"42\"", "OrleansCache; fwd=miss; stored"), (loaded.StatusCode, loaded.Header("ETag"), loaded.CacheStatus()));
        await failed.ProblemAsync(502, "origin-failed");
        await absent.ProblemAsync(404, "absent");
        await many.ProblemAsync(404, "absent");
    }

    [Theory]
    [InlineData("http://elsewhere.example", 403)]
    [InlineData("null", 403)]
    [InlineData(null, 204)]
    public async Task A_page_from_elsewhere_changes_nothing(string? origin, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/tags/a/invalidate");
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        using var own = new HttpRequestMessage(HttpMethod.Post, "api/v1/tags/b/invalidate");
        own.Headers.Add("Origin", _face.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));

        using var answer = await _face.Http.SendAsync(request, Ct);
        using var ownAnswer = await _face.Http.SendAsync(own, Ct);

        Assert.Equal((status, 204), ((int)answer.StatusCode, (int)ownAnswer.StatusCode));
        Assert.Equal(status == 204 ? ["a", "b"] : ["b"], _face.Cache.Raised);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<HttpResponseMessage> PostAsync(string path, string body) =>
        _face.Http.PostAsync($"api/v1/{path}", new StringContent(body, Encoding.UTF8, "application/json"), Ct);
}
