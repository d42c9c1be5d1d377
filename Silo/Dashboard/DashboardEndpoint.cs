using System.Collections.Frozen;

namespace OrleansCache;

/// <summary><c>/dashboard</c>: one page, its style and script from this assembly, and <c>/dashboard/data</c>. Nothing comes from elsewhere.</summary>
internal sealed class DashboardEndpoint(DashboardData data)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private readonly FrozenDictionary<string, (byte[] Bytes, string ContentType)> _files = new Dictionary<string, (byte[], string)>
    {
        [""] = (Read("dashboard.html"), "text/html; charset=utf-8"),
        ["dashboard.css"] = (Read("dashboard.css"), "text/css; charset=utf-8"),
        ["dashboard.js"] = (Read("dashboard.js"), "text/javascript; charset=utf-8"),
    }.ToFrozenDictionary();

    public ValueTask HandleAsync(HttpContext context, ReadOnlySpan<char> path)
    {
        if (path is "data")
            return DataAsync(context);
        if (!_files.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(path, out var file))
            return new(HttpProblem.NotFound("unknown-path", "Nothing is served under this path", "Use /dashboard or /dashboard/data.").WriteAsync(context));

        var response = context.Response;
        response.ContentType = file.ContentType;
        response.ContentLength = file.Bytes.Length;
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-cache";
        return HttpMethods.IsHead(context.Request.Method) ? default : new(response.Body.WriteAsync(file.Bytes, context.RequestAborted).AsTask());
    }

    private async ValueTask DataAsync(HttpContext context) =>
        await JsonResponse.WriteAsync(context, StatusCodes.Status200OK, await data.ReadAsync(context.RequestAborted), HttpJson.Plain.DashboardBody);

    private static byte[] Read(string name)
    {
        using var stream = typeof(DashboardEndpoint).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the assembly.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
