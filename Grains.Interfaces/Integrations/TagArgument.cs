using System.Text;

namespace OrleansCache;

/// <summary>An argument within a tag: what a tag cannot contain is percent-encoded, so that two texts of one argument are never one tag.</summary>
/// <remarks>The template's own text is not encoded in arguments: <c>{a}:{b}</c> makes one tag of <c>x:y</c> and <c>z</c>, and of <c>x</c> and <c>y:z</c>.
/// A raise of it then removes both.</remarks>
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
