using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Cluster;

/// <summary>An origin of orders that can be read and written: <c>orders/ID</c> is the order's status.</summary>
internal sealed class OrderOrigin : ConcurrentDictionary<string, string>, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource? _held;
    private int _waiting;

    private OrderOrigin(WebApplication app) => _app = app;

    /// <summary>A status that it refuses.</summary>
    public const string Refused = "lost";

    /// <summary>True for writes that are done and never answered.</summary>
    public bool IsMuteOnWrites { get; set; }

    /// <summary>Reads that have their status and do not end.</summary>
    public int Waiting => _waiting;

    public static async Task<OrderOrigin> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var origin = new OrderOrigin(builder.Build());
        origin._app.MapGet("/orders/{id}", origin.ReadAsync);
        origin._app.MapPut("/orders/{id}", origin.WriteAsync);
        await origin._app.StartAsync(TestContext.Current.CancellationToken);
        return origin;
    }

    /// <summary>A silo's settings that declare it as <c>orders/order?id=…</c> and <c>orders/setOrder?id=…</c>.</summary>
    public string[] Settings(string freshFor)
    {
        const string Prefix = "--OrleansCache:Integrations:orders:";
        return
        [
            $"{Prefix}BaseAddress={_app.Urls.Single()}/",
            $"{Prefix}Methods:order:Get=orders/{{id}}", $"{Prefix}Methods:order:Strategy=Background", $"{Prefix}Methods:order:FreshFor={freshFor}", $"{Prefix}Methods:order:StaleFor=01:00:00",
            $"{Prefix}Methods:setOrder:Put=orders/{{id}}", $"{Prefix}Methods:setOrder:Writes=order", $"{Prefix}Methods:setOrder:Invalidates:0=orders",
        ];
    }

    /// <summary>From now on a read has the status as it is, and ends when <see cref="EndReads"/> is called.</summary>
    public void HoldReads() => _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void EndReads() => _held!.SetResult();

    public async ValueTask DisposeAsync()
    {
        _held?.TrySetResult();
        _end.TrySetResult();
        await _app.DisposeAsync();
    }

    private async Task<IResult> ReadAsync(string id)
    {
        if (!TryGetValue(id, out var status))
            return Results.NotFound();
        if (_held is { } held)
        {
            Interlocked.Increment(ref _waiting);
            await held.Task;
        }

        return Results.Text(status);
    }

    private async Task<IResult> WriteAsync(string id, HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var status = await reader.ReadToEndAsync();
        if (status == Refused)
            return Results.Text("The order is closed.", statusCode: StatusCodes.Status409Conflict);
        this[id] = status;
        if (IsMuteOnWrites)
            await _end.Task;
        return Results.Text(status);
    }
}
