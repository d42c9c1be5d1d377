using System.Net;
using System.Text;

namespace OrleansCache.Silo.Tests;

public sealed class GatewayWritesTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task A_write_reaches_the_method_with_its_arguments_and_body_and_the_origins_answer_comes_back(string verb)
    {
        (string, string, string?, WriterBody)? seen = null;
        _face.Cache.Write = (integration, method, arguments, body) =>
        {
            seen = (integration, method, arguments["id"], body);
            return new(new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 201, Bytes = "{}"u8.ToArray(), ContentType = "application/json", Location = "/orders/a&b" }, 7);
        };

        using var answer = await SendAsync(verb, "partner/setOrder?id=a%26b", """{"status":"paid"}""");

        Assert.Equal(("partner", "setOrder", "a&b", verb), (seen!.Value.Item1, seen.Value.Item2, seen.Value.Item3, seen.Value.Item4.Verb));
        Assert.Equal(("""{"status":"paid"}""", "application/json; charset=utf-8"), (Encoding.UTF8.GetString(seen.Value.Item4.Bytes!), seen.Value.Item4.ContentType));
        Assert.Equal((HttpStatusCode.Created, "{}", "application/json"), (answer.StatusCode, await answer.TextAsync(), answer.Header("Content-Type")));
        Assert.Equal(("/orders/a&b", "\"7\"", "OrleansCache; fwd=method; stored", "no-store"), (answer.Header("Location"), answer.Header("ETag"), answer.CacheStatus(), answer.Header("Cache-Control")));
    }

    [Fact]
    public async Task An_answer_without_content_has_none_and_a_request_without_a_body_sends_none()
    {
        _face.Cache.Write = (_, _, _, body) => new(new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = body.Bytes is null ? 204 : 500 }, 0);

        using var answer = await SendAsync("DELETE", "partner/dropOrder?id=1", body: null);

        Assert.Equal((HttpStatusCode.NoContent, null, "OrleansCache; fwd=method"), (answer.StatusCode, answer.Header("ETag"), answer.CacheStatus()));
    }

    [Theory]
    [InlineData("If-Match")]
    [InlineData("If-None-Match")]
    [InlineData("If-Unmodified-Since")]
    public async Task A_condition_that_is_not_judged_is_refused_before_anybody_is_asked(string header)
    {
        _face.Cache.Write = (_, _, _, _) => throw new InvalidOperationException("asked");
        using var request = new HttpRequestMessage(HttpMethod.Put, "partner/setOrder?id=1");
        request.Headers.TryAddWithoutValidation(header, header is "If-Unmodified-Since" ? "Sat, 28 Nov 2026 00:00:00 GMT" : "\"7\"");

        using var answer = await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("bad-condition", await answer.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_origin_refuses_is_passed_on_as_it_came()
    {
        Refuse(new() { Kind = ProblemKind.OriginRefused, Detail = "origin-409", StatusCode = 409, Body = "\"closed\""u8.ToArray(), ContentType = "application/json" });

        using var answer = await SendAsync("PUT", "partner/setOrder?id=1");

        Assert.Equal((HttpStatusCode.Conflict, "\"closed\"", "OrleansCache; fwd=method; detail=origin-409"), (answer.StatusCode, await answer.TextAsync(), answer.CacheStatus()));
    }

    [Theory]
    [InlineData(ProblemKind.OriginFailed, "origin-503", 502, "origin-failed")]
    [InlineData(ProblemKind.Limited, "limited", 503, "limited")]
    [InlineData(ProblemKind.Timeout, "timeout", 504, "origin-timeout")]
    [InlineData(ProblemKind.BadCall, "unknown-method", 404, "unknown-method")]
    internal async Task What_failed_is_told_as_for_a_read(ProblemKind kind, string detail, int status, string type)
    {
        Refuse(new() { Kind = kind, Detail = detail, Message = "Why." });

        using var answer = await SendAsync("PUT", "partner/setOrder?id=1");

        Assert.Equal("Why.", await answer.ProblemAsync(status, type));
    }

    [Fact]
    public async Task A_method_of_another_verb_says_which_it_has()
    {
        Refuse(new() { Kind = ProblemKind.BadCall, Detail = "method-not-allowed", Message = "The method is PATCH; use PUT.", Allow = "PUT" });

        using var answer = await SendAsync("PATCH", "partner/setOrder?id=1");

        Assert.Equal("The method is PATCH; use PUT.", await answer.ProblemAsync(405, "method-not-allowed"));
        Assert.Equal("PUT", answer.Header("Allow"));
    }

    [Fact]
    public async Task A_page_from_elsewhere_writes_nothing_and_what_is_too_large_is_refused()
    {
        var writes = 0;
        _face.Cache.Write = (_, _, _, _) => new(new() { StatusCode = Interlocked.Increment(ref writes) }, 0);

        using var foreign = await SendAsync("PUT", "partner/setOrder?id=1", "{}", "https://evil.example");
        using var large = await SendAsync("PUT", "partner/setOrder?id=1", new string('x', BodyReader.MaxBytes + 1));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.RequestEntityTooLarge, 0), (foreign.StatusCode, large.StatusCode, writes));
    }

    private void Refuse(LoadProblem problem) =>
        _face.Cache.Write = (_, _, _, _) => new(new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Refused, StatusCode = problem.StatusCode, Problem = problem }, 0);

    private async Task<HttpResponseMessage> SendAsync(string verb, string target, string? body = "{}", string? origin = null)
    {
        using var request = new HttpRequestMessage(new(verb), target);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        return await _face.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
