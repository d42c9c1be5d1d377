using System.Net;
using System.Text.RegularExpressions;

namespace OrleansCache.Silo.Tests;

public sealed partial class PagesTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task Readiness_says_who_where_and_how_well()
    {
        using var ready = await GetAsync("healthz/ready");

        var body = await ready.JsonAsync();
        Assert.Equal(["status", "engine", "silo", "pid", "store", "degraded"], body.AsObject().Select(field => field.Key));
        Assert.Equal(("ready", "silo-0", "memory", false), ((string?)body["status"], (string?)body["silo"], (string?)body["store"], (bool)body["degraded"]!));
        Assert.Equal(Environment.ProcessId, (int?)body["pid"]);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task A_silo_without_store_or_proof_is_ready_but_degraded(bool reachable, bool fenced)
    {
        (_face.Silo.IsReachable, _face.Silo.FenceHolds) = (reachable, fenced);

        using var ready = await GetAsync("healthz/ready");

        Assert.Equal((HttpStatusCode.OK, true), (ready.StatusCode, (bool)(await ready.JsonAsync())["degraded"]!));
    }

    [Fact]
    public async Task The_dashboard_brings_all_that_it_needs()
    {
        using var page = await GetAsync("dashboard");
        var html = await page.TextAsync();

        var policy = page.Header("Content-Security-Policy")!;
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotMatch("<style|style=|<script>|onclick=|https?://(?!www\\.w3\\.org)", html);
        foreach (Match file in OwnFile().Matches(html))
        {
            using var answer = await GetAsync(file.Groups[1].Value.TrimStart('/'));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.DoesNotMatch("innerHTML|eval\\(|https?://(?!www\\.w3\\.org)", await answer.TextAsync());
        }
    }

    [Fact]
    public async Task Every_element_that_the_script_looks_for_is_on_the_page()
    {
        using var page = await GetAsync("dashboard");
        using var script = await GetAsync("dashboard/dashboard.js");
        var html = await page.TextAsync();

        var ids = LookedFor().Matches(await script.TextAsync()).Select(match => match.Groups[1].Value).Distinct().ToArray();

        Assert.True(ids.Length > 15);
        Assert.All(ids, id => Assert.Contains($"id=\"{id}\"", html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_open_dashboard_tells_once_that_it_could_not_ask()
    {
        for (var i = 0; i < 3; i++)
            (await GetAsync("dashboard/data")).Dispose();

        Assert.Single(_face.Logs.Lines, line => line.Contains("could not ask the integrations", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Times_on_the_page_are_told_by_the_silos_clock()
    {
        using var script = await GetAsync("dashboard/dashboard.js");
        var own = (await script.TextAsync()).Split('\n').Where(line => line.Contains("Date.now()", StringComparison.Ordinal));

        Assert.All(own, line => Assert.Matches("clockAhead|askedAt", line));
    }

    [Fact]
    public async Task The_root_leads_to_the_dashboard()
    {
        using var answer = await GetAsync("");

        Assert.Equal((HttpStatusCode.Redirect, "/dashboard"), (answer.StatusCode, answer.Header("Location")));
    }

    private Task<HttpResponseMessage> GetAsync(string path) => _face.Http.GetAsync(path, TestContext.Current.CancellationToken);

    [GeneratedRegex("(?:href|src)=\"(/dashboard/[^\"]+)\"")]
    private static partial Regex OwnFile();

    [GeneratedRegex("(?:byId|say|big|spark)\\('([a-z0-9-]+)'")]
    private static partial Regex LookedFor();
}
