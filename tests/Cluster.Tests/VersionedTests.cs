using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Cluster;

/// <summary>A method with a version, over HTTP through silos of their own.</summary>
public sealed class VersionedTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Reads_of_a_session_agree_through_any_silo_and_other_sessions_go_on(int silos)
    {
        await using var origin = await ReportOrigin.StartAsync();
        await using var cluster = await ClusterProcess.StartAsync(silos, origin.Settings);
        using var http = new HttpClient();
        async Task<string> ReadAsync(int silo, string id, string? session = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{cluster.Silos[silo % silos].Port}/reports/report?id={id}");
            if (session is not null)
                request.Headers.Add("OrleansCache-Session", session);
            using var answer = await http.SendAsync(request, Ct);
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadAsStringAsync(Ct);
        }

        string[] ids = [.. Enumerable.Range(0, 12).Select(static i => $"{i}")];
        foreach (var (id, i) in ids.Select(static (id, i) => (id, i)))
            Assert.Equal($"{id} of v1", await ReadAsync(i, id, "first"));
        var (asked, read) = (origin.Asked, origin.Read);
        origin.Version = "v2";
        foreach (var (id, i) in ids.Select(static (id, i) => (id, i)))
            Assert.Equal($"{id} of v1", await ReadAsync(i + 1, id, "first"));
        Assert.Equal((asked, read), (origin.Asked, origin.Read));

        foreach (var (id, i) in ids.Select(static (id, i) => (id, i)))
            Assert.Equal($"{id} of v2", await ReadAsync(i + 2, id, "second"));
        foreach (var (id, i) in ids.Select(static (id, i) => (id, i)))
            Assert.Equal($"{id} of v2", await ReadAsync(i, id, "first"));       // stored since it looked
        Assert.Equal((asked + ids.Length, read + ids.Length), (origin.Asked, origin.Read));

        origin.Version = "v3";
        var readers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => ReadAsync(i, "7")));
        Assert.All(readers, static value => Assert.Equal("7 of v3", value));
        Assert.Equal(read + ids.Length + 1, origin.Read);

        // What a session loads later is of the version from then: an origin that goes back is not answered with other content.
        Assert.Equal("7 of v3", await ReadAsync(0, "7", "third"));
        origin.Version = "v4";
        using (var removed = await http.DeleteAsync(new Uri($"http://127.0.0.1:{cluster.Silos[0].Port}/api/v1/entries/default:1.0:reports:report/id%3D7"), Ct))
            removed.EnsureSuccessStatusCode();
        Assert.Equal(("7 of v4", "7 of v4"), (await ReadAsync(1, "7", "third"), await ReadAsync(2, "7", "third")));
        origin.Version = "v3";
        Assert.Equal("7 of v3", await ReadAsync(0, "7"));
    }

    /// <summary>An origin of reports that tells their version cheaply.</summary>
    private sealed class ReportOrigin : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private int _asked;
        private int _read;

        private ReportOrigin(WebApplication app) => _app = app;

        public string Version { get; set; } = "v1";

        public int Asked => Volatile.Read(ref _asked);

        public int Read => Volatile.Read(ref _read);

        public string[] Settings
        {
            get
            {
                const string Prefix = "--OrleansCache:Integrations:reports:";
                return
                [
                    $"{Prefix}BaseAddress={_app.Urls.Single()}/", $"{Prefix}Methods:report:Get=reports/{{id}}", $"{Prefix}Methods:report:Strategy=Versioned",
                    $"{Prefix}Methods:report:FreshFor=01:00:00", $"{Prefix}Methods:report:Version:Method=version", $"{Prefix}Methods:version:Get=reports/{{id}}/version",
                ];
            }
        }

        public static async Task<ReportOrigin> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var origin = new ReportOrigin(builder.Build());
            origin._app.MapGet("/reports/{id}", (string id) =>
            {
                Interlocked.Increment(ref origin._read);
                return $"{id} of {origin.Version}";
            });
            origin._app.MapGet("/reports/{id}/version", (string id) =>
            {
                Interlocked.Increment(ref origin._asked);
                return id.Length > 0 ? origin.Version : "";
            });
            await origin._app.StartAsync(Ct);
            return origin;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
