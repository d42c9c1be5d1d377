using System.Globalization;

namespace OrleansCache;

/// <summary>Numbers in headers, in ASCII whatever the culture.</summary>
internal static class HttpNumber
{
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Milliseconds as whole seconds, rounded down: what is past is at least -1.</summary>
    public static long Seconds(long milliseconds) => milliseconds >= 0 ? milliseconds / 1000 : -((999 - milliseconds) / 1000);

    /// <summary>A span in whole seconds; null for anything but 1 to 10 digits.</summary>
    public static long? DeltaSeconds(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > 10)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;
    }
}
