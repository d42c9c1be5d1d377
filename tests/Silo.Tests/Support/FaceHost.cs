using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Silo.Tests;

/// <summary>The HTTP side alone, over real sockets, with a cache that answers as it is told.</summary>
internal sealed class FaceHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FaceHost(WebApplication app, FakeCache cache, FakeSilo silo, int port, RecordingLoggers logs)
    {
        (_app, Cache, Silo, Port, Logs) = (app, cache, silo, port, logs);
        Http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new($"http://127.0.0.1:{port}/") };
    }

    public FakeCache Cache { get; }
    public FakeSilo Silo { get; }
    public int Port { get; }
    public HttpClient Http { get; }
    public RecordingLoggers Logs { get; }
    public IServiceProvider Services => _app.Services;

    public static async Task<FaceHost> StartAsync(HttpOptions? options = null, TimeProvider? clock = null)
    {
        var (cache, silo, logs, port) = (new FakeCache(), new FakeSilo(), new RecordingLoggers(), FreePort.Next());
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddSingleton<IRawCache>(cache).AddSingleton<IOrleansCache>(cache).AddSingleton<IIntegrationWrites>(cache);
        builder.Services.AddSingleton<IOwnership>(silo).AddSingleton<IEntryStore>(silo).AddSingleton<IOriginCaller>(silo);
        builder.Services.AddSingleton<IExchangePolicies>(cache);
        if (clock is not null)
            builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(DispatchProxy.Create<IGrainFactory, NoGrains>());
        SiloApp.AddFace(builder, new(Listening(options ?? new(), port), new(), "", null));
        var app = builder.Build();
        SiloApp.UseFace(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, cache, silo, port, logs);
    }

    /// <summary>Sends a request target as it is, which an HTTP client would tidy first, and returns the whole answer.</summary>
    public async Task<string> SendRawAsync(string requestLine, string headers = "", string host = "localhost")
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{requestLine} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private static HttpOptions Listening(HttpOptions options, int port)
    {
        options.Port = port;
        return options;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
