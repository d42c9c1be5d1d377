using System.Globalization;

namespace OrleansCache;

/// <summary>The one text of a typed argument, the same in every culture and process.</summary>
internal static class ArgumentText
{
    // Divides trailing zeros away: 1.0 and 1.00 are one value.
    private const decimal One = 1.0000000000000000000000000000m;

    /// <exception cref="ArgumentException">The type has no such text.</exception>
    public static string? Of(string name, object? value) => value switch
    {
        null => null,
        string text => text,
        bool truth => truth ? "true" : "false",
        char letter => letter.ToString(),
        Enum named => named.ToString("G"),
        decimal number => (number / One).ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        Half number => number.ToString("R", CultureInfo.InvariantCulture),
        DateTime or DateTimeOffset or DateOnly or TimeOnly => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        Guid id => id.ToString("D"),
        sbyte or byte or short or ushort or int or uint or long or ulong or Int128 or UInt128 or nint or nuint or System.Numerics.BigInteger
            => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"The argument '{name}' is a {value.GetType()}; give a string, number, bool, enum, date, time or Guid.", name),
    };
}
