using System.Net;

namespace OrleansCache.Silo.Tests;

/// <summary>What is told of an entry.</summary>
public sealed class EntryExplainTests : IAsyncLifetime
{
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
        Assert.Equal(("application/json", "no-store", "nosniff"), (answer.Header("Content-Type"), answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options")));
    }
}
