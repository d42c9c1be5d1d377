using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using OrleansCache.Samples.Lab;

namespace OrleansCache.Silo.Tests;

/// <summary>The lab's own configuration over its own services, with users in memory.</summary>
public sealed class LabTests : IAsyncLifetime
{
    private static readonly string Key = new('k', 32);
    private readonly MemoryUsers _users = new(count: 10);
    private WebApplication _auth = null!;
    private WebApplication _service = null!;
    private SiloProcess _silo = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        (_auth, _service) = (await StartAsync("auth"), await StartAsync("users"));
        _silo = await SiloProcess.StartAsync(
            config: await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "lab.json"), Ct),
            arguments:
            [
                "--no-origin",
                $"--OrleansCache:Integrations:users:BaseAddress={_service.Urls.Single()}/",
                $"--OrleansCache:Integrations:users:Authentication:Exchange:Url={_auth.Urls.Single()}/token",
            ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.DisposeAsync();
        await _service.DisposeAsync();
        await _auth.DisposeAsync();
    }

    [Fact]
    public async Task A_user_is_looked_up_once_for_all_callers_and_a_write_goes_through()
    {
        using var first = await SendAsync(HttpMethod.Get, "users/user?id=7", caller: 1);
        using var second = await SendAsync(HttpMethod.Get, "users/user?id=7", caller: 2);

        Assert.Equal(("OrleansCache; fwd=miss; stored", 1), (first.CacheStatus(), _users.Finds));
        Assert.StartsWith("OrleansCache; hit", second.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal("Name of user 7", (string?)(await second.JsonAsync())["name"]);

        using var written = await SendAsync(HttpMethod.Put, "users/setUser?id=7", caller: 1, JsonContent.Create(new { name = "Ann" }));
        using var third = await SendAsync(HttpMethod.Get, "users/user?id=7", caller: 2);

        Assert.Equal((HttpStatusCode.OK, "OrleansCache; fwd=method; stored"), (written.StatusCode, written.CacheStatus()));
        Assert.Equal(("Ann", 1), ((string?)(await third.JsonAsync())["name"], _users.Finds));
    }

    [Fact]
    public async Task Who_is_not_known_sees_nothing_and_an_error_body_is_not_replayed()
    {
        using var known = await SendAsync(HttpMethod.Get, "users/user?id=3", caller: 1);
        using var unknown = await SendAsync(HttpMethod.Get, "users/user?id=3", caller: 11);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, "Basic realm=\"lab\""), (known.StatusCode, unknown.StatusCode, unknown.Header("WWW-Authenticate")));

        using var refused = await SendAsync(HttpMethod.Put, "users/setUser?id=3", caller: 1, JsonContent.Create(new { name = "" }));
        using var after = await SendAsync(HttpMethod.Get, "users/user?id=3", caller: 1);
        Assert.Equal((HttpStatusCode.BadRequest, "Name of user 3"), (refused.StatusCode, (string?)(await after.JsonAsync())["name"]));
    }

    [Fact]
    public async Task The_gateway_without_a_cache_asks_both_services_for_each_request()
    {
        await using var plain = LabApp.Build(["plain", "--port", "0", "--auth", $"{_auth.Urls.Single()}/token", "--users", $"{_service.Urls.Single()}/"], TimeProvider.System);
        await plain.StartAsync(Ct);
        using var http = new HttpClient { BaseAddress = new(plain.Urls.Single()) };

        for (var call = 1; call <= 2; call++)
        {
            using var answer = await SendAsync(HttpMethod.Get, "users/user?id=7", caller: 1, http: http);
            Assert.Equal((HttpStatusCode.OK, call), (answer.StatusCode, _users.Finds));
        }

        using var refused = await SendAsync(HttpMethod.Get, "users/user?id=7", caller: 11, http: http);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private async Task<WebApplication> StartAsync(string program)
    {
        var app = LabApp.Build([program, "--port", "0", "--key", Key], TimeProvider.System, _users);
        await app.StartAsync(Ct);
        return app;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, int caller, HttpContent? content = null, HttpClient? http = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", AuthService.Basic($"user-{caller}", $"password-{caller}"));
        return await (http ?? _silo.Http).SendAsync(request, Ct);
    }
}
