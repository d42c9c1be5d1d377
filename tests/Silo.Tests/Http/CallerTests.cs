using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace OrleansCache.Silo.Tests;

/// <summary>Callers whose credentials the gateway exchanges for tokens.</summary>
public sealed class CallerTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private AuthService _auth = null!;
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync()
    {
        (_auth, _face) = (await AuthService.StartAsync(), await FaceHost.StartAsync(clock: _clock));
        _face.Cache.Exchange = _auth.Policy;
        _face.Cache.Call = (_, _, _) => new(Hit());
        _face.Cache.Get = _ => new(Hit());
    }

    public async ValueTask DisposeAsync()
    {
        await _face.DisposeAsync();
        await _auth.DisposeAsync();
    }

    [Fact]
    public async Task Credentials_are_exchanged_once_for_many_callers_at_once_and_their_token_goes_along_to_the_origin()
    {
        var answers = new TaskCompletionSource();
        _auth.Answers = answers.Task;
        var calls = Enumerable.Range(0, 50).Select(_ => StatusAsync(AuthService.Basic("ann", "secret"))).ToArray();
        await Eventually.TrueAsync(() => _auth.Asked > 0, cancellationToken: TestContext.Current.CancellationToken);
        answers.SetResult();

        Assert.All(await Task.WhenAll(calls), status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal((1, "token-1"), (_auth.Asked, _face.Cache.Caller!.Value));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(AuthService.Basic("ann", "secret"), HttpMethod.Put));
        Assert.Equal(1, _auth.Asked);
    }

    [Fact]
    public async Task Calls_for_many_keys_are_for_those_whose_credentials_are_good()
    {
        using var refused = await PostManyAsync(AuthService.Basic("ann", "wrong"));
        using var answered = await PostManyAsync(AuthService.Basic("ann", "secret"));

        await refused.ProblemAsync(401, "unauthorized");
        Assert.Equal((HttpStatusCode.OK, true), (answered.StatusCode, _face.Cache.Caller is not null));
    }

    private async Task<HttpResponseMessage> PostManyAsync(string credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/calls/partner/country") { Content = new StringContent("""{ "calls": [ { "code": "NL" } ] }""", System.Text.Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", credentials);
        return await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_revoked_credential_stops_working_when_its_token_ends()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(AuthService.Basic("ann", "secret")));
        _auth.Password = "changed";

        _clock.Advance(TimeSpan.FromSeconds(49.9));
        Assert.Equal((HttpStatusCode.OK, 1), (await StatusAsync(AuthService.Basic("ann", "secret")), _auth.Asked));
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal((HttpStatusCode.Unauthorized, 2), (await StatusAsync(AuthService.Basic("ann", "secret")), _auth.Asked));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(AuthService.Basic("ann", "changed")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_feed_of_changes_ends_with_its_callers_token_and_says_so(bool hasNews)
    {
        var changes = Channel.CreateUnbounded<long>();
        _face.Cache.Watch = (_, _, ct) => ChangesAsync(changes.Reader, ct);
        await StatusAsync(AuthService.Basic("ann", "secret"));
        _clock.Advance(TimeSpan.FromSeconds(40));
        using var answer = await WatchAsync();
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        await changes.Writer.WriteAsync(42, Ct);
        Assert.Equal("id: 42", await LineAsync(feed));
        Assert.Equal((1, "event: change"), (_auth.Asked, await LineAsync(feed)));
        await feed.ReadLineAsync(Ct);
        await feed.ReadLineAsync(Ct);

        _clock.Advance(TimeSpan.FromSeconds(10));       // of the 50 that the token has
        if (hasNews)
            await changes.Writer.WriteAsync(43, Ct);

        Assert.Equal(("event: end", """data: {"reason":"token-ended"}""", "", "the end"), (await LineAsync(feed), await LineAsync(feed), await LineAsync(feed), await LineAsync(feed)));
    }

    [Fact]
    public async Task A_token_that_lives_for_longer_than_a_timer_may_wait_lets_its_caller_watch()
    {
        _auth.ExpiresIn = (int)TimeSpan.FromDays(100).TotalSeconds;
        var changes = Channel.CreateUnbounded<long>();
        _face.Cache.Watch = (_, _, ct) => ChangesAsync(changes.Reader, ct);
        using var answer = await WatchAsync();
        using var feed = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));

        await changes.Writer.WriteAsync(42, Ct);

        Assert.Equal("id: 42", await LineAsync(feed));
    }

    private async Task<HttpResponseMessage> WatchAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/entries/partner/id%3D1/changes");
        request.Headers.TryAddWithoutValidation("Authorization", AuthService.Basic("ann", "secret"));
        return await _face.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<string> LineAsync(StreamReader feed) => await feed.ReadLineAsync(Ct).AsTask().WaitAsync(Eventually.Deadline, Ct) ?? "the end";

    private static async IAsyncEnumerable<CacheChange> ChangesAsync(ChannelReader<long> changes, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var version in changes.ReadAllAsync(ct))
            yield return new(version);
    }

    [Fact]
    public async Task A_refusal_comes_back_with_the_services_challenge_and_is_remembered_for_a_second()
    {
        using var refused = await SendAsync(AuthService.Basic("ann", "wrong"));
        Assert.Equal("Basic realm=\"users\"", refused.Header("WWW-Authenticate"));
        await refused.ProblemAsync(401, "unauthorized");

        await StatusAsync(AuthService.Basic("ann", "wrong"));
        Assert.Equal(1, _auth.Asked);
        _auth.Password = "wrong";
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((HttpStatusCode.OK, 2), (await StatusAsync(AuthService.Basic("ann", "wrong")), _auth.Asked));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer token-1")]
    public async Task Who_shows_no_credentials_is_asked_for_them_and_nobody_else_is(string? authorization)
    {
        using var answer = await SendAsync(authorization);

        Assert.Equal("Basic realm=\"partner\", charset=\"UTF-8\"", answer.Header("WWW-Authenticate"));
        await answer.ProblemAsync(401, "unauthorized");
        Assert.Equal(0, _auth.Asked);
    }

    [Theory]
    [InlineData(500, 502, "auth-failed")]
    [InlineData(404, 502, "auth-failed")]
    [InlineData(204, 502, "auth-failed")]
    [InlineData(503, 503, "auth-unavailable")]
    public async Task A_failing_auth_service_lets_nobody_pass_and_is_asked_again_at_once(int status, int answered, string type)
    {
        _auth.Status = status;
        using var answer = await SendAsync(AuthService.Basic("ann", "secret"));
        await answer.ProblemAsync(answered, type);
        _auth.Status = 0;

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(AuthService.Basic("ann", "secret")));
    }

    [Fact]
    public async Task An_auth_service_that_is_away_is_503_with_Retry_After()
    {
        await _auth.DisposeAsync();

        using var answer = await SendAsync(AuthService.Basic("ann", "secret"));

        Assert.Equal("1", answer.Header("Retry-After"));
        await answer.ProblemAsync(503, "auth-unavailable");
    }

    [Fact]
    public async Task No_credential_and_no_token_is_in_a_log_a_key_or_an_error()
    {
        var credentials = AuthService.Basic("ann", "wrong");
        using var refused = await SendAsync(credentials);
        await StatusAsync(AuthService.Basic("ann", "secret"));
        await StatusAsync(AuthService.Basic("ann", "secret"), path: "api/v1/entries/partner/k");
        _auth.Status = 500;
        await StatusAsync(AuthService.Basic("ann", "other"));

        string[] secrets = [credentials[6..], AuthService.Basic("ann", "secret")[6..], "token-2", "wrong", "secret"];
        var said = string.Join('\n', [.. _face.Logs.Lines, await refused.TextAsync(), .. _face.Cache.Keys.Select(key => key.GrainKey), $"{_face.Cache.Caller}"]);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "api/v1/entries/partner/k")]
    [InlineData("GET", "api/v1/entries/partner/k/explain")]
    [InlineData("PUT", "api/v1/entries/partner/k")]
    [InlineData("DELETE", "api/v1/entries/partner/k")]
    [InlineData("POST", "api/v1/entries/partner/k/refresh")]
    [InlineData("POST", "api/v1/entries/partner/many")]
    [InlineData("DELETE", "partner/dropOrder?id=1")]
    public async Task What_an_integration_keeps_is_shown_and_changed_only_for_its_callers(string verb, string path)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(null, new(verb), path));
        Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(AuthService.Basic("ann", "secret"), new(verb), path));
    }

    [Theory]
    [InlineData("partner", HttpStatusCode.Unauthorized)]
    [InlineData("other", HttpStatusCode.OK)]
    public async Task An_event_changes_such_an_entry_only_for_a_caller(string region, HttpStatusCode status)
    {
        using var content = new StringContent($$"""{ "source": "db", "sequence": 1, "region": "{{region}}", "key": "k", "value": 1 }""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await _face.Http.PostAsync("api/v1/events", content, TestContext.Current.CancellationToken);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK ? 1 : 0, _face.Cache.Keys.Count);
    }

    [Fact]
    public async Task Other_integrations_and_regions_ask_for_nothing()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(null, path: "other/order"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(null, path: "api/v1/entries/other/k"));
    }

    [Fact]
    public async Task A_token_that_the_origin_refuses_one_of_many_calls_is_exchanged_again_too()
    {
        _face.Cache.CallMany = static (_, _, _) => [new(default, new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.OriginRefused, Detail = "origin-401", StatusCode = 401 } })];
        using var refused = await PostManyAsync(AuthService.Basic("ann", "secret"));

        Assert.Equal((HttpStatusCode.OK, 2), (await StatusAsync(AuthService.Basic("ann", "secret")), _auth.Asked));
    }

    [Fact]
    public async Task A_token_that_the_origin_refuses_is_exchanged_again_by_the_next_call()
    {
        _face.Cache.Call = (_, _, _) => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.OriginRefused, Detail = "origin-401", StatusCode = 401 } });
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(AuthService.Basic("ann", "secret")));
        _face.Cache.Call = (_, _, _) => new(Hit());

        Assert.Equal((HttpStatusCode.OK, 2), (await StatusAsync(AuthService.Basic("ann", "secret")), _auth.Asked));
    }

    [Fact]
    public async Task The_table_keeps_no_more_than_it_may_and_the_newest()
    {
        var table = new TokenTable(_clock);
        var made = 0;
        Task<(CallerPass, TimeSpan)> Make() => Task.FromResult((new CallerPass { Token = new($"{Interlocked.Increment(ref made)}") }, TimeSpan.FromMinutes(1)));
        for (var round = 0; round < 3; round++)
        {
            for (var caller = 0; caller < 10; caller++)
                await table.GetAsync(new((UInt128)caller, 0), max: 4, Make);
        }

        Assert.Equal((4, 30), (table.Count, made));
        await table.GetAsync(new(9, 0), max: 4, Make);
        Assert.Equal(30, made);
    }

    private static ReadReply Hit() => new() { Status = ReadStatus.Hit, Value = new() { Bytes = "{}"u8.ToArray(), ContentType = "application/json", Version = 7 } };

    private async Task<HttpStatusCode> StatusAsync(string? authorization, HttpMethod? verb = null, string path = "partner/order?id=1")
    {
        _face.Cache.Write = (_, _, _, _) => new(new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 200 }, 0);
        using var answer = await SendAsync(authorization, verb, path);
        return answer.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(string? authorization, HttpMethod? verb = null, string path = "partner/order?id=1")
    {
        using var request = new HttpRequestMessage(verb ?? HttpMethod.Get, path);
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
