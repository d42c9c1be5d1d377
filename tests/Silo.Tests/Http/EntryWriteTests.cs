using System.Net;
using System.Text;

namespace OrleansCache.Silo.Tests;

/// <summary>What is stored and removed by a request, and what is refused.</summary>
public sealed class EntryWriteTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task A_new_entry_is_201_and_a_replaced_one_200_each_with_its_tag()
    {
        var stored = new List<(CacheKey Key, RawValue Value, EntryOptions? Options)>();
        _face.Cache.Set = (key, value, options, _) =>
        {
            stored.Add((key, value, options));
            return new() { Status = WriteStatus.Accepted, Version = 40 + stored.Count, Existed = stored.Count > 1 };
        };

        using var first = await _face.PutAsync("k", "one", ("Cache-Control", "max-age=60"), ("Cache-Tag", "a, b"));
        using var second = await _face.PutAsync("k", "two");

        Assert.Equal((HttpStatusCode.Created, "\"41\""), (first.StatusCode, first.Header("ETag")));
        Assert.Equal((HttpStatusCode.OK, "\"42\"", "0"), (second.StatusCode, second.Header("ETag"), second.Header("Content-Length")));
        Assert.Equal(CacheKey.Of("r", "k"), stored[0].Key);
        Assert.Equal(("one", "text/plain; charset=utf-8"), (Encoding.UTF8.GetString(stored[0].Value.Bytes), stored[0].Value.ContentType));
        Assert.Equal(TimeSpan.FromSeconds(60), stored[0].Options!.FreshFor);
        Assert.Equal(["a", "b"], stored[0].Options!.Tags);
    }

    [Theory]
    [InlineData("If-Match", "7", "If-Match is 7")]
    [InlineData("If-None-Match", "\"7\"", "If-None-Match is \"7\"")]
    [InlineData("If-Unmodified-Since", "yesterday", "If-Unmodified-Since is 'yesterday'")]
    [InlineData("Cache-Control", "stale-while-revalidate=10", "give max-age too")]
    [InlineData("Cache-Control", "max-age=-5", "max-age=-5")]
    public async Task A_header_that_cannot_be_used_is_400_and_nothing_is_stored(string header, string value, string named)
    {
        using var answer = await _face.PutAsync("k", "v", (header, value));

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
        using var first = await _face.SendAsync(HttpMethod.Delete, "k");
        _face.Cache.Remove = (_, _) => new() { Status = WriteStatus.Accepted, Existed = true, Version = 5 };
        using var second = await _face.SendAsync(HttpMethod.Delete, "k");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (first.StatusCode, second.StatusCode));
    }

    [Fact]
    public async Task Without_proof_or_store_a_change_is_503_with_when_to_try_again()
    {
        _face.Cache.Set = (_, _, _, _) => new() { Status = WriteStatus.Unavailable, RetryAfterMilliseconds = 1500, Detail = "the store is unreachable" };
        _face.Cache.Remove = (_, _) => new() { Status = WriteStatus.Unavailable };

        using var put = await _face.PutAsync("k", "v");
        using var delete = await _face.SendAsync(HttpMethod.Delete, "k");

        Assert.Contains("the store is unreachable", await put.ProblemAsync(503, "unavailable"), StringComparison.Ordinal);
        Assert.Equal(("2", null), (put.Header("Retry-After"), put.Header("ETag")));
        await delete.ProblemAsync(503, "unavailable");
        Assert.Equal("1", delete.Header("Retry-After"));
    }

    [Fact]
    public async Task What_cannot_be_kept_is_refused()
    {
        using var content = new StringContent("v");
        content.Headers.TryAddWithoutValidation("Content-Encoding", new string('x', 257));
        using var encoded = await _face.Http.PutAsync("api/v1/entries/r/k", content, TestContext.Current.CancellationToken);
        Assert.Contains("Content-Encoding is longer than 256", await encoded.ProblemAsync(400, "bad-content-type"), StringComparison.Ordinal);
        using var tagged = await _face.PutAsync("k", "v", ("Cache-Tag", new string('x', 257)));
        await tagged.ProblemAsync(400, "bad-cache-tag");
        Assert.Empty(_face.Cache.Keys);

        _face.Cache.Set = static (_, _, _, _) => throw new ArgumentException("It is too long.");
        using var put = await _face.PutAsync("k", "v");
        Assert.Equal("It is too long.", await put.ProblemAsync(400, "bad-entry"));
    }
}
