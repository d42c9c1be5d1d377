using System.Text.Json;

namespace OrleansCache;

/// <summary>Whether two values are equal: JSON structurally (key order and the spelling of numbers do not count, array order does), else by bytes.</summary>
internal static class SameValue
{
    /// <summary>Above this, comparing is too long for a grain's turn.</summary>
    public const int LongAbove = 64 * 1024;

    public static bool Equal(EntryValue old, ReadOnlyMemory<byte> bytes, string? contentType, string? encoding)
    {
        if (old.ContentType != contentType || old.Encoding != encoding)
            return false;
        return old.Bytes.AsSpan().SequenceEqual(bytes.Span) || (encoding is null && IsJson(contentType) && JsonEqual(old.Bytes, bytes));
    }

    public static bool IsJson(string? contentType)
    {
        var type = contentType.AsSpan();
        var end = type.IndexOf(';');
        type = (end < 0 ? type : type[..end]).Trim();
        return type.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    private static bool JsonEqual(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right)
    {
        try
        {
            using var x = JsonDocument.Parse(left);
            using var y = JsonDocument.Parse(right);
            return JsonElement.DeepEquals(x.RootElement, y.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
