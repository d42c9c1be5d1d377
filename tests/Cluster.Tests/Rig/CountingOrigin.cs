using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Cluster;

/// <summary>An origin on a free port of loopback: <c>items/ID</c> is ID, and the instant of every call is kept.</summary>
internal sealed class CountingOrigin : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<DateTimeOffset> _arrivals = new();

    private CountingOrigin(WebApplication app) => _app = app;

    public int Calls => _arrivals.Count;

    public IReadOnlyCollection<DateTimeOffset> Arrivals => _arrivals;

    /// <summary>A silo's settings that declare it as <c>origin/item?id=…</c>, fresh for long.</summary>
    public string[] Settings { get; private set; } = [];

    public static async Task<CountingOrigin> StartAsync()
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        var origin = new CountingOrigin(builder.Build());
        origin._app.MapGet("/items/{id}", (string id) =>
        {
            origin._arrivals.Enqueue(TimeProvider.System.GetUtcNow());
            return Results.Text(id);
        });
        await origin._app.StartAsync();
        origin.Settings =
        [
            $"--OrleansCache:Integrations:origin:BaseAddress=http://127.0.0.1:{port}/",
            "--OrleansCache:Integrations:origin:Methods:item:Get=items/{id}",
            "--OrleansCache:Integrations:origin:Methods:item:FreshFor=01:00:00",
        ];
        return origin;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
