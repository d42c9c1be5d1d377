using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansCache;

/// <summary>Answers with a value: headers, 304 for who has it already, and the bytes straight to the connection.</summary>
internal static class ValueResponse
{
    /// <summary>Stored bytes are anybody's: a browser shall neither guess their type nor run them beside the dashboard.</summary>
    private const string NoScripts = "default-src 'none'; sandbox";

    /// <summary>Without a word caches would guess a lifetime (RFC 9111, section 4.2.2): they may keep a value, and ask with its tag.</summary>
    private const string AskEachTime = "no-cache";

    private static readonly TimeSpan DateIsOlder = TimeSpan.FromSeconds(2);

    /// <summary>Answers a read that has a value. A cached absence is a 404 with what the origin sent.</summary>
    public static ValueTask WriteAsync(HttpContext context, in ReadReply reply, TimeProvider clock)
    {
        var value = reply.Value!;
        HttpProblem? refusal = null;
        var isWanted = value.IsAbsent || Preconditions.Allow(context.Request.Headers, value, out refusal);
        if (refusal is not null)
            return new(refusal.WriteAsync(context));

        var headers = context.Response.Headers;
        headers.CacheControl = AskEachTime;
        headers["Cache-Status"] = CacheStatus.Of(in reply);
        headers.Age = HttpNumber.Text(Math.Max(0, reply.AgeMilliseconds) / 1000);
        if (value.Version > 0)
            headers.ETag = EntityTags.Of(value.Version);
        if (value.LastModified > 0)
            SetLastModified(headers, DateTime.UnixEpoch.AddMicroseconds(value.LastModified), clock.GetUtcNow().UtcDateTime);
        if (!isWanted)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return default;
        }

        if (value.Encoding is { } encoding)
            headers.ContentEncoding = encoding;
        return WriteBytesAsync(context, value.IsAbsent ? StatusCodes.Status404NotFound : StatusCodes.Status200OK, value.Bytes, value.ContentType);
    }

    /// <summary>Answers with bytes that others made: values, and the origin's own words.</summary>
    public static ValueTask WriteBytesAsync(HttpContext context, int status, byte[] bytes, string? contentType)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentLength = bytes.Length;
        if (bytes.Length > 0 || contentType is not null)
            response.ContentType = contentType ?? "application/octet-stream";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = NoScripts;
        if (bytes.Length == 0 || HttpMethods.IsHead(context.Request.Method))
            return default;
        var write = response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        return write.IsCompletedSuccessfully ? default : Await(write);

        static async ValueTask Await(ValueTask<System.IO.Pipelines.FlushResult> write) => await write;
    }

    /// <summary>Never later than <c>Date</c> (RFC 9110, section 8.8.2.1), which the server writes itself, up to a second old, unless it is there.</summary>
    private static void SetLastModified(IHeaderDictionary headers, DateTime modified, DateTime now)
    {
        if (modified > now - DateIsOlder)
        {
            headers.Date = now.ToString("R", CultureInfo.InvariantCulture);
            modified = modified < now ? modified : now;
        }

        headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>The target as it stood in the request line.</summary>
    public static string RawTarget(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
}
