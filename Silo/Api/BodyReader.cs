using System.Buffers;
using System.IO.Pipelines;

namespace OrleansCache;

/// <summary>Reads a request body into one array, up to what an entry may hold.</summary>
internal static class BodyReader
{
    /// <summary>8 MiB.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

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
