using System.Text;

namespace OrleansCache;

/// <summary>An argument within a tag: what a tag cannot contain is percent-encoded, so that different arguments are always different tags.</summary>
internal static class TagArgument
{
    public static string Encoded(string value)
    {
        if (!value.Any(IsEncoded))
            return value;
        var text = new StringBuilder(value.Length + 8);
        foreach (var c in value)
            text.Append(IsEncoded(c) ? Uri.EscapeDataString(c.ToString()) : c);
        return text.ToString();
    }

    private static bool IsEncoded(char c) => c is ',' or '%' || char.IsControl(c);
}
