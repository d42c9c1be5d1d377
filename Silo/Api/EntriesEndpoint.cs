namespace OrleansCache;

/// <summary><c>/api/v1/entries/{region}/{key}</c>: one entry, read without loading, written or removed.</summary>
internal sealed class EntriesEndpoint(IRawCache cache, ClientMetrics metrics, IOrleansCache explainer, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    public const string Methods = "GET, HEAD, PUT, DELETE";

    /// <summary>What <c>…/explain</c> may be asked.</summary>
    public static readonly string[] ExplainArguments = ["difference"];

    private const int MaxHeaderText = 256;

    public async ValueTask GetAsync(HttpContext context, CacheKey key)
    {
        var started = metrics.Start();
        var pending = cache.GetAsync(key, context.RequestAborted);
        var reply = pending.IsCompletedSuccessfully ? await pending : await pending.AsTask().WaitAsync(lifetime.ApplicationStopping);
        metrics.Read(ReadOutcome.Of(in reply), started);
        await Answer(context, in reply);
    }

    public async ValueTask PutAsync(HttpContext context, CacheKey key)
    {
        var request = context.Request;
        if (!PutHeaders.TryRead(request.Headers, out var options, out var problem) || !TryReadType(request.Headers, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        var (when, refusal) = await ConditionAsync(context, key);
        if (refusal is not null)
        {
            await refusal.WriteAsync(context);
            return;
        }

        var bytes = await BodyReader.ReadAsync(request, context.RequestAborted);
        if (bytes is null)
        {
            await TooLarge(request.ContentLength).WriteAsync(context);
            return;
        }

        WriteReply reply;
        try
        {
            reply = await cache.SetAsync(key, new(bytes, request.ContentType, Text(request.Headers.ContentEncoding)), options, when, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            await HttpProblem.BadRequest("bad-entry", "The entry cannot be stored", ErrorText.Of(e)).WriteAsync(context);
            return;
        }

        await WrittenAsync(context, reply, reply.Existed ? StatusCodes.Status200OK : StatusCodes.Status201Created, withTag: true);
    }

    public async ValueTask DeleteAsync(HttpContext context, CacheKey key)
    {
        var (when, refusal) = await ConditionAsync(context, key);
        if (refusal is not null)
        {
            await refusal.WriteAsync(context);
            return;
        }

        await WrittenAsync(context, await cache.RemoveAsync(key, when, context.RequestAborted), StatusCodes.Status204NoContent, withTag: false);
    }

    /// <summary>Loads an integration's key now; marks any other for its next get-or-create.</summary>
    public async ValueTask RefreshAsync(HttpContext context, CacheKey key, CallerToken? caller)
    {
        var reply = await cache.RefreshAsync(key, caller, context.RequestAborted);
        if (reply.Problem is not null || reply.Value is null or { IsAbsent: true })
        {
            await (reply.Problem is null ? Answer(context, in reply) : FailureResponse.WriteAsync(context, in reply));
            return;
        }

        context.Response.Headers["Cache-Status"] = CacheStatus.Of(in reply);
        if (reply.Value.Version > 0)
            context.Response.Headers.ETag = EntityTags.Of(reply.Value.Version);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async ValueTask ExplainAsync(HttpContext context, CacheKey key)
    {
        var asked = context.Request.Query["difference"].ToString();
        if (asked is not ("" or "true" or "false"))
        {
            await HttpProblem.BadRequest("bad-argument", "The question cannot be read", $"difference is '{asked}'; give true or false, or leave it out.").WriteAsync(context);
            return;
        }

        var explanation = await explainer.ExplainAsync(key, difference: asked == "true", context.RequestAborted);
        await JsonResponse.WriteAsync(context, StatusCodes.Status200OK, ExplainBody.Of(explanation), HttpJson.Plain.ExplainBody);
    }

    private ValueTask Answer(HttpContext context, in ReadReply reply)
    {
        if (reply.Value is { IsAbsent: false })
            return ValueResponse.WriteAsync(context, in reply, clock);
        if (reply.Status == ReadStatus.Failed)
            return FailureResponse.WriteAsync(context, in reply);
        context.Response.Headers["Cache-Status"] = CacheStatus.Of(in reply);
        return new(HttpProblem.NotFound("absent", "Nothing is cached under this key", "The entry is absent; a PUT stores one, and a call of an integration loads its own.").WriteAsync(context));
    }

    private static async ValueTask WrittenAsync(HttpContext context, WriteReply reply, int accepted, bool withTag)
    {
        if (reply.Version > 0 && (withTag || reply.Status == WriteStatus.ConditionFailed))
            context.Response.Headers.ETag = EntityTags.Of(reply.Version);
        HttpProblem? problem = reply.Status switch
        {
            WriteStatus.Accepted => null,
            WriteStatus.ConditionFailed => Preconditions.Failed(reply.Version),
            WriteStatus.TooLarge => TooLarge(null),
            _ => HttpProblem.Unavailable(
                $"Nothing was changed: {reply.Detail ?? "the owner could not prove its right or reach its store"}. Try again.",
                reply.RetryAfterMilliseconds > 0 ? TimeSpan.FromMilliseconds(reply.RetryAfterMilliseconds) : null),
        };
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        context.Response.StatusCode = accepted;
    }

    /// <summary>What the conditions ask for, as one that the key's owner judges with the change. Of several tags the one that is current is the condition.</summary>
    private async ValueTask<(WriteCondition When, HttpProblem? Refusal)> ConditionAsync(HttpContext context, CacheKey key)
    {
        var headers = context.Request.Headers;
        if (headers.IfNoneMatch.Count > 0)
        {
            if (headers.IfMatch.Count > 0)
                return (default, Preconditions.Unreadable("If-Match and If-None-Match are both given; give one of them."));
            return headers.IfNoneMatch.ToString().Trim() == "*"
                ? (WriteCondition.IfAbsent, null)
                : (default, Preconditions.Unreadable($"If-None-Match is {headers.IfNoneMatch}; on a change give *, which asks that nothing is there, or use If-Match."));
        }

        if (headers.IfMatch.Count == 0)
            return headers.IfUnmodifiedSince.Count == 0 ? default : await UnmodifiedAsync(context, key);
        if (!EntityTags.TryParse(headers.IfMatch, "If-Match", out var tags, out var error))
            return (default, Preconditions.Unreadable(error));
        if (tags.IsAny)
            return (WriteCondition.IfPresent, null);
        switch (tags.Strong.Distinct().ToArray())
        {
            case []:
                return (default, Preconditions.Failed(0, tags.AreWeak));
            case [var only]:
                return (WriteCondition.IfVersion(only), null);
            case var several:
                var (value, refusal) = await CurrentAsync(context, key);
                var current = value?.Version ?? 0;
                return refusal is not null ? (default, refusal)
                    : several.Contains(current) ? (WriteCondition.IfVersion(current), null)
                    : (default, Preconditions.Failed(current));
        }
    }

    /// <summary>If-Unmodified-Since, which a change must not pass over in silence, though a date is a coarse condition.</summary>
    private async ValueTask<(WriteCondition When, HttpProblem? Refusal)> UnmodifiedAsync(HttpContext context, CacheKey key)
    {
        var header = context.Request.Headers.IfUnmodifiedSince;
        if (Preconditions.DateOf(header) is not { } date)
            return (default, Preconditions.Unreadable($"If-Unmodified-Since is '{header}'; give a date as a Last-Modified header shows it, or use If-Match."));
        var (value, refusal) = await CurrentAsync(context, key);
        return refusal is not null ? (default, refusal)
            : value is null ? (WriteCondition.IfAbsent, null)
            : Preconditions.IsModifiedSince(value, date) ? (default, Preconditions.Failed(value.Version))
            : (WriteCondition.IfVersion(value.Version), null);
    }

    private async ValueTask<(EntryValue? Value, HttpProblem? Refusal)> CurrentAsync(HttpContext context, CacheKey key)
    {
        var reply = await cache.GetAsync(key, context.RequestAborted);
        return reply is { Status: ReadStatus.Failed, Problem: { } problem } ? (null, FailureResponse.Describe(problem))
            : (reply.Value is { IsAbsent: false } value ? value : null, null);
    }

    private static bool TryReadType(IHeaderDictionary headers, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out HttpProblem? problem)
    {
        var field = headers.ContentType.ToString().Length > MaxHeaderText ? "Content-Type" : headers.ContentEncoding.ToString().Length > MaxHeaderText ? "Content-Encoding" : null;
        problem = field is null ? null : HttpProblem.BadRequest("bad-content-type", "The value's type cannot be kept", $"{field} is longer than {MaxHeaderText} characters; shorten it.");
        return problem is null;
    }

    private static string? Text(Microsoft.Extensions.Primitives.StringValues header) => header.Count == 0 ? null : header.ToString();

    private static HttpProblem TooLarge(long? length) => HttpProblem.TooLarge("The value is larger than an entry may be", length);
}
