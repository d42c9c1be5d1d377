using System.Diagnostics.CodeAnalysis;

namespace OrleansCache;

/// <summary>Sends each request to its endpoint by the raw target; what is not ours goes on to the engine's own pages.</summary>
internal sealed class Dispatcher(
    GatewayEndpoint gateway, GatewayWrites writes, CallerGate gate, EntriesEndpoint entries, EventsEndpoint events, TagsEndpoint tags, ManyEndpoint many, CallsEndpoint calls, ChangesEndpoint changes, HealthEndpoint health, DashboardEndpoint dashboard, HostNames hosts, ILogger<Dispatcher> logger)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            var pending = Route(context, next);
            return pending.IsCompletedSuccessfully ? Task.CompletedTask : GuardAsync(context, pending);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return FailAsync(context, e);
        }
    }

    private ValueTask Route(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Headers.Host.ToString();
        if (!hosts.Accept(host))
            return new(HostNames.Unknown(host).WriteAsync(context));
        if (!Reads(context) && !hosts.AcceptOrigin(context.Request.Headers.Origin.ToString(), host))
            return new(HostNames.Foreign(context.Request.Headers.Origin.ToString()).WriteAsync(context));
        var target = RequestTarget.Of(ValueResponse.RawTarget(context));
        var path = target.Path;
        var endsInSlash = path is [.., '/'];
        RequestTarget.TryTake(ref path, out var first);
        if (endsInSlash && first is not ("orleans" or "dashboard"))
            return Unknown(context);
        return first switch
        {
            "" => Redirect(context),
            "api" => Api(context, path, target.Query),
            "healthz" => Reads(context) ? health.HandleAsync(context, path) : NotAllowed(context, GatewayEndpoint.Methods),
            "dashboard" => Reads(context) ? dashboard.HandleAsync(context, path) : NotAllowed(context, GatewayEndpoint.Methods),
            "orleans" => EnginePage(context, next),
            _ => Gateway(context, first, path, target.Query),
        };
    }

    private ValueTask Gateway(HttpContext context, ReadOnlySpan<char> first, ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        if (!RequestTarget.TryTake(ref path, out var second) || !path.IsEmpty)
            return Unknown(context);
        if (!PercentText.TryDecode(first, plusIsSpace: false, out var integration, out var error))
            return new(Undecodable("The integration's name", error).WriteAsync(context));
        if (!PercentText.TryDecode(second, plusIsSpace: false, out var method, out error))
            return new(Undecodable("The method's name", error).WriteAsync(context));
        return Reads(context) ? gateway.HandleAsync(context, integration, method, query)
            : Writes(context) ? writes.HandleAsync(context, integration, method, query)
            : NotAllowed(context, GatewayWrites.Methods);
    }

    private ValueTask Api(HttpContext context, ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        if (!RequestTarget.TryTake(ref path, out var version) || version is not "v1" || !RequestTarget.TryTake(ref path, out var resource) || resource is not ("entries" or "events" or "tags" or "calls"))
            return Unknown(context);
        if (QueryNames.Refuse(query, KnownTo(resource, path)) is { } refusal)
            return new(refusal.WriteAsync(context));
        return resource switch
        {
            "entries" => Entries(context, path),
            "events" when path.IsEmpty => Posts(context) ? events.PostAsync(context) : NotAllowed(context, EventsEndpoint.Methods),
            "tags" => Tags(context, path),
            "calls" => Calls(context, path),
            _ => Unknown(context),
        };
    }

    private static ReadOnlySpan<string> KnownTo(ReadOnlySpan<char> resource, ReadOnlySpan<char> path) =>
        resource is "entries" && path.EndsWith("/explain") && path.Count('/') == 2 ? EntriesEndpoint.ExplainArguments
        : resource is "tags" && path.EndsWith("/invalidate") ? DebounceText.Arguments
        : [];

    private ValueTask Entries(HttpContext context, ReadOnlySpan<char> path)
    {
        var hasRegion = RequestTarget.TryTake(ref path, out var region);
        var hasKey = RequestTarget.TryTake(ref path, out var rawKey);
        var (explains, refreshes, watches) = (path is "explain", path is "refresh", path is "changes");
        if (hasRegion && rawKey is "many" && path.IsEmpty && Posts(context))
        {
            return TryReadKey(region, "many", out var inRegion, out var unreadable) ? gate.GuardAsync(context, inRegion.Region, _ => many.PostAsync(context, inRegion.Region)) : new(unreadable.WriteAsync(context));
        }

        if (!hasRegion || !hasKey || !(path.IsEmpty || explains || refreshes || watches))
            return Unknown(context);
        if (!TryReadKey(region, rawKey, out var key, out var problem))
            return new(problem.WriteAsync(context));

        if (explains)
        {
            return !Reads(context) ? NotAllowed(context, GatewayEndpoint.Methods)
                : gate.GuardAsync(context, key.Region, _ => entries.ExplainAsync(context, key));
        }

        if (watches)
            return Reads(context) ? gate.GuardAsync(context, key.Region, pass => changes.KeyAsync(context, key, pass)) : NotAllowed(context, GatewayEndpoint.Methods);
        if (refreshes)
            return Posts(context) ? gate.GuardAsync(context, key.Region, pass => entries.RefreshAsync(context, key, pass.Token)) : NotAllowed(context, EventsEndpoint.Methods);
        var method = context.Request.Method;
        return Reads(context) ? gate.GuardAsync(context, key.Region, _ => entries.GetAsync(context, key))
            : HttpMethods.IsPut(method) ? gate.GuardAsync(context, key.Region, _ => entries.PutAsync(context, key))
            : HttpMethods.IsDelete(method) ? gate.GuardAsync(context, key.Region, _ => entries.DeleteAsync(context, key))
            : NotAllowed(context, EntriesEndpoint.Methods);
    }

    private ValueTask Calls(HttpContext context, ReadOnlySpan<char> path)
    {
        if (!RequestTarget.TryTake(ref path, out var first) || !RequestTarget.TryTake(ref path, out var second) || !path.IsEmpty)
            return Unknown(context);
        if (!PercentText.TryDecode(first, plusIsSpace: false, out var integration, out var error))
            return new(Undecodable("The integration's name", error).WriteAsync(context));
        if (!PercentText.TryDecode(second, plusIsSpace: false, out var method, out error))
            return new(Undecodable("The method's name", error).WriteAsync(context));
        return Posts(context) ? calls.PostAsync(context, integration, method) : NotAllowed(context, EventsEndpoint.Methods);
    }

    private ValueTask Tags(HttpContext context, ReadOnlySpan<char> path)
    {
        if (!RequestTarget.TryTake(ref path, out var rawTag) || path is not ("invalidate" or "changes"))
            return Unknown(context);
        var watches = path is "changes";
        if (!PercentText.TryDecode(rawTag, plusIsSpace: false, out var tag, out var error))
            return new(Undecodable("The tag", error).WriteAsync(context));
        if (watches)
            return Reads(context) ? changes.TagAsync(context, tag) : NotAllowed(context, GatewayEndpoint.Methods);
        return Posts(context) ? tags.InvalidateAsync(context, tag) : NotAllowed(context, TagsEndpoint.Methods);
    }

    /// <summary>Cuts a key from its two segments; every fault is told with the field and the way out.</summary>
    internal static bool TryReadKey(ReadOnlySpan<char> rawRegion, ReadOnlySpan<char> rawKey, out CacheKey key, [NotNullWhen(false)] out HttpProblem? problem)
    {
        (key, problem) = (default, null);
        if (!PercentText.TryDecode(rawRegion, plusIsSpace: false, out var region, out var error))
            problem = Undecodable("The region", error);
        else if (!PercentText.TryDecode(rawKey, plusIsSpace: false, out var text, out error))
            problem = Undecodable("The key", error);
        else
        {
            try
            {
                key = CacheKey.Of(region, text);
            }
            catch (ArgumentException e)
            {
                problem = HttpProblem.BadRequest("bad-key", "The region or the key cannot be used", ErrorText.Of(e));
            }
        }

        return problem is null;
    }

    private static bool Reads(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);

    private static bool Writes(HttpContext context) =>
        Posts(context) || HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsPatch(context.Request.Method) || HttpMethods.IsDelete(context.Request.Method);

    private static bool Posts(HttpContext context) => HttpMethods.IsPost(context.Request.Method);

    private static ValueTask NotAllowed(HttpContext context, string allow) => new(HttpProblem.MethodNotAllowed($"The method is {context.Request.Method}; use one of {allow}.", allow).WriteAsync(context));

    private static HttpProblem Undecodable(string what, string error) => HttpProblem.BadRequest("bad-encoding", "The request target cannot be decoded", $"{what} {error}.");

    private static ValueTask Unknown(HttpContext context) => new(HttpProblem.NotFound(
        "unknown-path", "Nothing is served under this path",
        "Use /{integration}/{method}?arg=value, /api/v1/entries/{region}/{key} with the key in one segment (a / in it as %2F), …/explain, …/refresh, …/changes, /api/v1/entries/{region}/many, /api/v1/calls/{integration}/{method}, /api/v1/events, /api/v1/tags/{tag}/invalidate or …/changes, /dashboard, /healthz/live or /healthz/ready.").WriteAsync(context));

    private static async ValueTask EnginePage(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response is { StatusCode: StatusCodes.Status404NotFound, HasStarted: false })
            await Unknown(context);
    }

    private static ValueTask Redirect(HttpContext context)
    {
        if (!Reads(context))
            return NotAllowed(context, GatewayEndpoint.Methods);
        context.Response.Redirect("/dashboard");
        return default;
    }

    private async Task GuardAsync(HttpContext context, ValueTask pending)
    {
        try
        {
            await pending;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; what it shared with others goes on.
        }
        catch (Exception e)
        {
            await FailAsync(context, e);
        }
    }

    private async Task FailAsync(HttpContext context, Exception exception)
    {
        var problem = exception switch
        {
            BadHttpRequestException bad => new HttpProblem(bad.StatusCode, "bad-request", "The request cannot be read", bad.Message),
            CacheUnavailableException unavailable => HttpProblem.Unavailable(unavailable.Message, unavailable.RetryAfter),
            OperationCanceledException => HttpProblem.Unavailable("The silo is stopping; ask again.", null),
            _ => new HttpProblem(StatusCodes.Status500InternalServerError, "internal", "The silo failed", $"The silo's log has the reason, beside {context.TraceIdentifier}."),
        };
        if (problem.Status == StatusCodes.Status500InternalServerError)
            logger.RequestFailed(exception, context.Request.Method, context.TraceIdentifier);
        if (context.Response.HasStarted)
            context.Abort();
        else
            await problem.WriteAsync(context);
    }
}
