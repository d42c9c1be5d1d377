using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCache.Silo.Tests;

/// <summary>Changes of keys and tags as server-sent events.</summary>
public sealed class ChangesTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private readonly Channel<long> _changes = Channel.CreateUnbounded<long>();
    private (string What, long? Known) _asked;
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync()
    {
        _face = await FaceHost.StartAsync(new() { MaxWatchers = 1 }, clock: _clock);
        _face.Cache.Watch = (what, known, ct) =>
        {
            _asked = (what, known);
            return ChangesAsync(ct);
        };
    }

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_change_is_an_event_whose_id_is_the_version()
    {
        using var answer = await OpenAsync("api/v1/entries/r/a%2Fb/changes", last: "41");
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        await _changes.Writer.WriteAsync(42, Ct);
        await _changes.Writer.WriteAsync(0, Ct);

        Assert.Equal(["id: 42", "event: change", """data: {"version":42,"state":"present"}""", "", "id: 0", "event: change", """data: {"version":0,"state":"absent"}""", ""], await LinesAsync(feed, 8));
        Assert.Equal(("a/b", 41), _asked);
        Assert.Equal(("text/event-stream", "no-store", "nosniff"), (answer.Header("Content-Type"), answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options")));
    }

    [Fact]
    public async Task A_tags_raises_are_events_too()
    {
        using var answer = await OpenAsync("api/v1/tags/status%3Anew/changes");
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        await _changes.Writer.WriteAsync(7, Ct);

        Assert.Equal(["id: 7", "event: change", """data: {"raise":7}""", ""], await LinesAsync(feed, 4));
        Assert.Equal(("#status:new", null), _asked);
    }

    [Fact]
    public async Task A_quiet_feed_has_a_comment_now_and_then()
    {
        using var answer = await OpenAsync("api/v1/entries/r/a/changes");
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        await Eventually.TrueAsync(() => _clock.ActiveTimers > 0, cancellationToken: Ct);

        _clock.Advance(ChangesEndpoint.Heartbeat);

        Assert.Equal([": alive", ""], await LinesAsync(feed, 2));
    }

    [Fact]
    public async Task HEAD_watches_nothing()
    {
        var answer = await _face.SendRawAsync("HEAD /api/v1/entries/r/a/changes").WaitAsync(Eventually.Deadline, Ct);

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Null(_asked.What);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_feed_ends_with_its_source_and_is_cut_off_where_that_fails(bool fails)
    {
        using var answer = await OpenAsync("api/v1/entries/r/a/changes");
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        await _changes.Writer.WriteAsync(42, Ct);
        await LinesAsync(feed, 4);

        _changes.Writer.Complete(fails ? new InvalidOperationException("bug") : null);

        if (fails)
            await Assert.ThrowsAnyAsync<IOException>(() => LinesAsync(feed, 1));
        else
            Assert.Equal(["the end"], await LinesAsync(feed, 1));
    }

    [Fact]
    public async Task A_feed_ends_with_its_silo()
    {
        using var answer = await OpenAsync("api/v1/entries/r/a/changes");
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));

        _face.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.Equal(["the end"], await LinesAsync(feed, 1));
    }

    [Fact]
    public async Task Watchers_are_bounded_and_who_leaves_makes_room()
    {
        using (await OpenAsync("api/v1/entries/r/a/changes"))
        {
            using var refused = await OpenAsync("api/v1/entries/r/b/changes");
            Assert.Contains("MaxWatchers", await refused.ProblemAsync(503, "too-many-watchers"), StringComparison.Ordinal);
            Assert.NotNull(refused.Header("Retry-After"));
        }

        await Eventually.TrueAsync(async () =>
        {
            using var next = await OpenAsync("api/v1/entries/r/b/changes");
            return next.StatusCode == HttpStatusCode.OK;
        }, cancellationToken: Ct);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    public async Task An_event_id_that_is_none_is_refused(string last)
    {
        using var answer = await OpenAsync("api/v1/entries/r/a/changes", last);

        Assert.Contains(last, await answer.ProblemAsync(400, "bad-event-id"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feed_is_only_read()
    {
        using var posted = await _face.Http.PostAsync("api/v1/entries/r/a/changes", null, Ct);
        using var wrong = await OpenAsync("api/v1/tags/a%2Cb/changes");

        await posted.ProblemAsync(405, "method-not-allowed");
        await wrong.ProblemAsync(400, "bad-cache-tag");
    }

    private async IAsyncEnumerable<CacheChange> ChangesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var version in _changes.Reader.ReadAllAsync(ct))
            yield return new(version);
    }

    private async Task<HttpResponseMessage> OpenAsync(string path, string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (last is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        return await _face.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    private static async Task<string[]> LinesAsync(StreamReader feed, int count)
    {
        var lines = new string[count];
        for (var i = 0; i < count; i++)
            lines[i] = await feed.ReadLineAsync(Ct).AsTask().WaitAsync(Eventually.Deadline, Ct) ?? "the end";
        return lines;
    }
}
