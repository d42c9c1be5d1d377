using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static OrleansCache.Silo.Tests.EntryRequests;

namespace OrleansCache.Silo.Tests;

/// <summary>How a read ends that has no value to answer with, or nobody to answer to, and what is counted.</summary>
public sealed class EntryReadEndTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task A_read_that_failed_is_told_as_what_it_is_and_when_to_come_back()
    {
        _face.Cache.Get = static _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable, Message = "The store is away." } });
        using var away = await _face.GetAsync("r", "k");
        _face.Cache.Get = static _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.OriginRefused, Detail = "origin-429", StatusCode = 429, RetryAfterMilliseconds = 1_500 } });
        using var limited = await _face.GetAsync("r", "k");

        await away.ProblemAsync(503, "unavailable");
        Assert.Equal((HttpStatusCode.TooManyRequests, "2"), (limited.StatusCode, limited.Header("Retry-After")));
    }

    [Theory]
    [InlineData(3, "3")]
    [InlineData(0, "1")]
    public async Task An_owner_that_cannot_be_reached_is_503(int seconds, string retryAfter)
    {
        _face.Cache.Get = _ => throw new CacheUnavailableException("No silo answers.", TimeSpan.FromSeconds(seconds));

        using var answer = await _face.GetAsync("r", "k");

        await answer.ProblemAsync(503, "unavailable");
        Assert.Equal(retryAfter, answer.Header("Retry-After"));
    }

    [Theory]
    [InlineData("GET", "api/v1/entries/r/k")]
    [InlineData("PUT", "api/v1/entries/r/k")]
    [InlineData("DELETE", "api/v1/entries/r/k")]
    [InlineData("POST", "api/v1/entries/r/k/refresh")]
    [InlineData("GET", "api/v1/entries/r/k/explain")]
    [InlineData("POST", "api/v1/entries/r/many", """{ "get": ["k"] }""")]
    [InlineData("POST", "api/v1/calls/partner/country", """{ "calls": [ {} ] }""")]
    [InlineData("POST", "api/v1/tags/t/invalidate")]
    [InlineData("GET", "partner/country")]
    [InlineData("POST", "partner/country")]
    public async Task A_client_that_leaves_ends_what_it_asked_for(string method, string path, string? body = null)
    {
        _face.Cache.Answers = new TaskCompletionSource().Task;
        using var leaving = new CancellationTokenSource();
        var asked = SendAsync(method, path, body, leaving.Token);
        await Eventually.TrueAsync(() => _face.Cache.End.CanBeCanceled, cancellationToken: TestContext.Current.CancellationToken);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await Eventually.TrueAsync(() => _face.Cache.End.IsCancellationRequested, cancellationToken: TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("GET", "api/v1/entries/r/k")]
    [InlineData("POST", "api/v1/calls/partner/country", """{ "calls": [ {} ] }""")]
    [InlineData("GET", "partner/country")]
    public async Task A_silo_that_stops_lets_no_reader_wait_and_says_that_it_is_not_ready(string method, string path, string? body = null)
    {
        _face.Cache.Answers = new TaskCompletionSource().Task;
        var read = SendAsync(method, path, body, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _face.Cache.End.CanBeCanceled, cancellationToken: TestContext.Current.CancellationToken);

        _face.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        using var answer = await read.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
        Assert.Contains("stopping", await answer.ProblemAsync(503, "unavailable"), StringComparison.Ordinal);
        using var ready = await _face.Http.GetAsync("healthz/ready", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping"), (ready.StatusCode, (string?)(await ready.JsonAsync())["status"]));
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        return await _face.Http.SendAsync(request, ct);
    }

    [Fact]
    public async Task Each_key_that_is_read_is_counted()
    {
        var reads = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "orleanscache.read.duration" && ReferenceEquals(instrument.Meter.Scope, _face.Services.GetRequiredService<IMeterFactory>()))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref reads));
        listener.Start();
        _face.Cache.CallMany = static (_, _, args) => [.. args.Select(static _ => new KeyResult<ReadReply>(default, default(ReadReply)))];

        using var one = await _face.GetAsync("r", "k");
        Assert.Equal(1, reads);
        using var many = await SendAsync("POST", "api/v1/entries/r/many", """{ "get": ["a", "b"] }""", TestContext.Current.CancellationToken);
        Assert.Equal(3, reads);
        using var calls = await SendAsync("POST", "api/v1/calls/partner/country", """{ "calls": [ {}, {}, {} ] }""", TestContext.Current.CancellationToken);
        Assert.Equal(6, reads);
    }
}
