using System.Globalization;
using System.Text;

namespace OrleansCache;

/// <summary><c>GET …/changes</c>: news of a key or a tag as server-sent events, for as long as the client stays.</summary>
internal sealed class ChangesEndpoint(IOrleansCache cache, HttpOptions options, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    /// <summary>A line that says nothing, so that those on the way see a connection that lives.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly ReadOnlyMemory<byte> Alive = ": alive\n\n"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> TokenEnded = "event: end\ndata: {\"reason\":\"token-ended\"}\n\n"u8.ToArray();
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(40);        // no timer waits for longer than 49
    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(5);
    private int _watchers;

    public ValueTask KeyAsync(HttpContext context, CacheKey key, in CallerPass pass) => WatchAsync(
        context,
        (known, ct) => cache.WatchAsync(key, known, ct),
        static change => $$"""{"version":{{Text(change.Version)}},"state":"{{(change.IsPresent ? "present" : "absent")}}"}""",
        pass.Left(clock));

    public ValueTask TagAsync(HttpContext context, string tag)
    {
        try
        {
            EntryOptionRules.CheckedTag(tag);
        }
        catch (ArgumentException e)
        {
            return new(HttpProblem.BadRequest("bad-cache-tag", "The tag cannot be used", ErrorText.Of(e)).WriteAsync(context));
        }

        return WatchAsync(context, (known, ct) => cache.WatchTagAsync(tag, known, ct), static change => $$"""{"raise":{{Text(change.Version)}}}""");
    }

    private async ValueTask WatchAsync(HttpContext context, Func<long?, CancellationToken, IAsyncEnumerable<CacheChange>> watch, Func<CacheChange, string> data, TimeSpan? goodFor = null)
    {
        if (!TryReadLast(context.Request, out var known))
        {
            var problem = HttpProblem.BadRequest(
                "bad-event-id", "The last event cannot be found", $"Last-Event-ID is '{context.Request.Headers["Last-Event-ID"]}'; send the id of an event of this feed, or leave it out.");
            await problem.WriteAsync(context);
            return;
        }

        var response = context.Response;
        if (Interlocked.Increment(ref _watchers) > options.MaxWatchers)
        {
            Interlocked.Decrement(ref _watchers);
            await new HttpProblem(StatusCodes.Status503ServiceUnavailable, "too-many-watchers", "The silo has as many watchers as it may", $"There are {options.MaxWatchers} already; raise OrleansCache:Http:MaxWatchers, or watch through another silo.") { RetryAfter = BusyFor }.WriteAsync(context);
            return;
        }

        try
        {
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-store";
            response.Headers.XContentTypeOptions = "nosniff";
            if (HttpMethods.IsHead(context.Request.Method))
                return;
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await response.Body.FlushAsync(end.Token);
            await SendAsync(response, watch(known, end.Token), data, goodFor, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The client went, or the silo stops: the client comes back with the last event that it had.
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    private async Task SendAsync(HttpResponse response, IAsyncEnumerable<CacheChange> changes, Func<CacheChange, string> data, TimeSpan? goodFor, CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var news = changes.GetAsyncEnumerator(end.Token);
        var next = Task.FromResult(false);
        var over = Task.Delay(goodFor is { } time ? TimeSpan.FromTicks(Math.Min(time.Ticks, LongestWait.Ticks)) : Timeout.InfiniteTimeSpan, clock, end.Token);
        try
        {
            while (true)
            {
                next = news.MoveNextAsync().AsTask();
                while (!over.IsCompleted && await Task.WhenAny(over, next, Task.Delay(Heartbeat, clock, ct)) is var first && first != next && first != over)
                {
                    ct.ThrowIfCancellationRequested();
                    await response.Body.WriteAsync(Alive, ct);
                    await response.Body.FlushAsync(ct);
                }

                ct.ThrowIfCancellationRequested();
                if (over.IsCompleted)
                {
                    // Who may still watch comes back with credentials, and with the last event that it had.
                    await response.Body.WriteAsync(TokenEnded, ct);
                    await response.Body.FlushAsync(ct);
                    return;
                }

                if (!await next)
                    return;
                var change = news.Current;
                await response.Body.WriteAsync(Encoding.UTF8.GetBytes($"id: {Text(change.Version)}\nevent: change\ndata: {data(change)}\n\n"), ct);
                await response.Body.FlushAsync(ct);
            }
        }
        finally
        {
            // Nothing may be disposed of that still looks for the next.
            await end.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static bool TryReadLast(HttpRequest request, out long? known)
    {
        known = null;
        var header = request.Headers["Last-Event-ID"].ToString();
        if (header.Length == 0)
            return true;
        var isNumber = long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var last);
        known = last;
        return isNumber;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
