namespace OrleansCache.Silo.Tests;

/// <summary>Which paths, methods and arguments name an entry, and what the others are told.</summary>
public sealed class EntryPathTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData("GET /api/v1/entries/r/k/explain?diference=true", "'diference' is no argument of this path: did you mean 'difference'?")]
    [InlineData("POST /api/v1/tags/t/invalidate?debonce=1", "'debonce' is no argument of this path: did you mean 'debounce'?")]
    [InlineData("POST /api/v1/tags/t/invalidate?wait=1", "'wait' is no argument of this path; known are debounce, atMost.")]
    [InlineData("GET /api/v1/entries/r/what?is=this", "'is' is no argument of this path, which takes none; leave it out, and write a ? of a key as %3F.")]
    [InlineData("PUT /api/v1/entries/r/k?maxAge=5", "'maxAge' is no argument of this path, which takes none")]
    [InlineData("GET /api/v1/entries/r/explain?difference=true", "'difference' is no argument of this path, which takes none")]
    [InlineData("POST /api/v1/entries/r/k/refresh?difference=true", "'difference' is no argument of this path, which takes none")]
    [InlineData("PUT /api/v1/entries/r/invalidate?debounce=1", "'debounce' is no argument of this path, which takes none")]
    [InlineData("GET /api/v1/tags/t/changes?debounce=1", "'debounce' is no argument of this path, which takes none")]
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
        using var answer = await _face.GetAsync("r", new string('k', 10_000));

        Assert.Contains("4096", await answer.ProblemAsync(400, "bad-key"), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Fact]
    public async Task A_key_of_4096_bytes_written_as_percents_fits_the_request_line()
    {
        using var answer = await _face.GetAsync("r", new string('é', 2048));

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
    [InlineData("GET /api/v1")]
    [InlineData("GET /api/v1/other/r?x=1")]
    [InlineData("POST /api/v1/calls")]
    [InlineData("POST /api/v1/calls/partner")]
    [InlineData("POST /api/v1/calls/partner/country/NL")]
    [InlineData("POST /api/v1/tags")]
    [InlineData("POST /api/v1/tags/t/other")]
    [InlineData("GET /partner/country/NL")]
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

    [Theory]
    [InlineData("POST", "api/v1/entries/r/k", "GET, HEAD, PUT, DELETE")]
    [InlineData("PUT", "api/v1/entries/r/k/explain", "GET, HEAD")]
    [InlineData("POST", "partner/country?code=NL", "GET, HEAD")]
    [InlineData("DELETE", "healthz/ready", "GET, HEAD")]
    [InlineData("POST", "dashboard", "GET, HEAD")]
    [InlineData("POST", "", "GET, HEAD")]
    public async Task Another_method_is_405_with_those_that_there_are(string method, string path, string allow)
    {
        using var request = new HttpRequestMessage(new(method), path);

        using var answer = await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Contains(method, await answer.ProblemAsync(405, "method-not-allowed"), StringComparison.Ordinal);
        Assert.Equal(allow, answer.Header("Allow"));
    }

    [Theory]
    [InlineData("GET /%zz/country")]
    [InlineData("GET /partner/%zz")]
    [InlineData("POST /api/v1/calls/%zz/country")]
    [InlineData("POST /api/v1/calls/partner/%zz")]
    [InlineData("POST /api/v1/tags/%zz/invalidate")]
    [InlineData("GET /api/v1/entries/%zz/k")]
    [InlineData("GET /api/v1/entries/r/k?%zz=1", "bad-argument")]
    [InlineData("GET /api/v1/entries/r/%z1")]
    [InlineData("GET /api/v1/entries/r/%1z")]
    public async Task A_name_that_cannot_be_decoded_is_refused_wherever_it_stands(string requestLine, string type = "bad-encoding")
    {
        var answer = await _face.SendRawAsync(requestLine);

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains($"\"type\":\"{type}\"", answer, StringComparison.Ordinal);
    }
}
