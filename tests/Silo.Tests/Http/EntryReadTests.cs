using System.Text;
using static OrleansCache.Silo.Tests.EntryRequests;

namespace OrleansCache.Silo.Tests;

/// <summary>What a read of an entry answers, with or without a condition.</summary>
public sealed class EntryReadTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task A_hit_has_its_bytes_and_all_its_headers()
    {
        _face.Cache.Get = _ => Hit();

        using var answer = await _face.GetAsync("r", "k");

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

        using var answer = await _face.SendAsync(HttpMethod.Get, "k", ("If-None-Match", tag));

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

        using var answer = await _face.SendAsync(HttpMethod.Get, "k", (header, value));

        Assert.Equal(status, (int)answer.StatusCode);
        var told = status < 400 ? ("\"42\"", "no-cache") : ((string?)null, "no-store");
        Assert.Equal(told, (answer.Header("ETag"), answer.Header("Cache-Control")));
        Assert.Equal(status < 400, answer.CacheStatus() is not null);
    }

    [Fact]
    public async Task A_tag_goes_before_a_date()
    {
        _face.Cache.Get = _ => Hit();

        using var read = await _face.SendAsync(HttpMethod.Get, "k", ("If-None-Match", "\"41\""), ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"));
        using var matched = await _face.SendAsync(HttpMethod.Get, "k", ("If-Match", "\"42\""), ("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT"));

        Assert.Equal((200, 200), ((int)read.StatusCode, (int)matched.StatusCode));
    }

    [Fact]
    public async Task Last_Modified_is_never_later_than_Date()
    {
        var ahead = TimeProvider.System.GetUtcNow().AddSeconds(30).ToUnixTimeMilliseconds() * 1000;
        foreach (var modified in new[] { ahead, ahead - 30_000_000 })
        {
            _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Hit, Value = Value with { LastModified = modified } });

            using var answer = await _face.GetAsync("r", "k");

            Assert.True(answer.Content.Headers.LastModified <= answer.Headers.Date, $"{answer.Content.Headers.LastModified} > {answer.Headers.Date}");
        }
    }

    [Fact]
    public async Task Absence_is_a_problem_that_says_how_a_value_comes()
    {
        using var answer = await _face.GetAsync("r", "k");

        await answer.ProblemAsync(404, "absent");
        Assert.Equal("OrleansCache; detail=absent", answer.CacheStatus());
        Assert.Equal(("no-store", "nosniff"), (answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options")));
    }

    [Fact]
    public async Task A_fault_is_told_without_its_inside_and_logged_without_the_key()
    {
        _face.Cache.Get = _ => throw new InvalidOperationException("inside");

        using var answer = await _face.GetAsync("r", "secret-key");

        Assert.DoesNotContain("inside", await answer.ProblemAsync(500, "internal"), StringComparison.Ordinal);
        Assert.Contains(_face.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("inside", StringComparison.Ordinal));
        Assert.DoesNotContain(
            _face.Logs.Lines, line => !line.StartsWith("Debug", StringComparison.Ordinal) && line.Contains("secret-key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("x", null, "application/octet-stream")]
    [InlineData("", "text/plain", "text/plain")]
    [InlineData("", null, null)]
    public async Task A_value_has_the_type_and_the_encoding_that_it_was_stored_with(string text, string? stored, string? type)
    {
        _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Hit, AgeMilliseconds = -1_500, Value = Value with { Bytes = Encoding.UTF8.GetBytes(text), ContentType = stored, Encoding = "gzip" } });

        using var answer = await _face.GetAsync("r", "k");

        Assert.Equal((type, "gzip", "0"), (answer.Header("Content-Type"), answer.Header("Content-Encoding"), answer.Header("Age")));
    }

    [Fact]
    public async Task What_was_modified_just_now_has_a_Date_that_is_no_older()
    {
        var clock = new ManualTimeProvider();
        await using var face = await FaceHost.StartAsync(clock: clock);
        face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Hit, Value = Value with { LastModified = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000 } });

        using var answer = await face.Http.GetAsync("api/v1/entries/r/k", TestContext.Current.CancellationToken);

        Assert.Equal(clock.GetUtcNow(), answer.Headers.Date);
    }
}
