using System.Globalization;

namespace OrleansCache;

/// <summary>Numbers in headers, in ASCII whatever the culture.</summary>
internal static class HttpNumber
{
    private const long MaxDeltaSeconds = 1L << 31;

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Milliseconds as whole seconds, rounded down: what is past is at least -1.</summary>
    public static long Seconds(long milliseconds) => milliseconds >= 0 ? milliseconds / 1000 : -((999 - milliseconds) / 1000);

    /// <summary>A span in whole seconds; what is above 2^31 counts as that (RFC 9111, section 1.2.2). Null for anything but digits.</summary>
    public static long? DeltaSeconds(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, MaxDeltaSeconds) : MaxDeltaSeconds;
    }
}
