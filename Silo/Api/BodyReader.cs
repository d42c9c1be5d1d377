using System.Buffers;
using System.IO.Pipelines;

namespace OrleansCache;

/// <summary>Reads a request body into one array, up to what an entry may hold.</summary>
internal static class BodyReader
{
    /// <summary>8 MiB.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>The whole body of a request that is to be JSON; null when it is not or is too large, which is answered.</summary>
    /// <param name="context">The call.</param>
    /// <param name="what">What is sent, as a sentence begins with it: <c>The events are</c>.</param>
    public static async ValueTask<byte[]?> ReadJsonAsync(HttpContext context, string what)
    {
        var request = context.Request;
        var body = request.HasJsonContentType() ? await ReadAsync(request, context.RequestAborted) : null;
        if (body is null)
            await (request.HasJsonContentType() ? HttpProblem.TooLarge($"{what} too large", request.ContentLength) : HttpProblem.NotJson($"{what} not JSON", request.ContentType)).WriteAsync(context);
        return body;
    }

    /// <summary>The whole body; null when it is too large, whatever its length was said to be.</summary>
    public static async ValueTask<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
            return null;
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
