using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OrleansCache;

/// <summary>How long an invalidation waits for quiet, as a request says it: <c>?debounce=0.5&amp;atMost=10</c>, in seconds.</summary>
internal static class DebounceText
{
    /// <summary>The names.</summary>
    public static readonly string[] Arguments = ["debounce", "atMost"];

    private const double MostSeconds = 1_000_000;

    public static bool TryRead(IQueryCollection query, out Debounce? debounce, [NotNullWhen(false)] out HttpProblem? problem)
    {
        (debounce, problem) = (null, null);
        try
        {
            debounce = Of(Seconds(query, "debounce"), Seconds(query, "atMost"));
        }
        catch (ArgumentException e)
        {
            problem = HttpProblem.BadRequest("bad-debounce", "The time of quiet cannot be used", ErrorText.Of(e));
        }

        return problem is null;
    }

    /// <summary>Null for at once.</summary>
    /// <exception cref="ArgumentException">Names what cannot be used.</exception>
    public static Debounce? Of(double? debounce, double? atMost) =>
        debounce is { } quiet ? DebounceRules.Checked(Span("debounce", quiet), atMost is { } most ? Span("atMost", most) : null)
        : atMost is null ? null
        : throw new ArgumentException("atMost is given and debounce is not; give debounce too, or leave atMost out.");

    private static TimeSpan Span(string name, double seconds) =>
        seconds is > 0 and < MostSeconds ? TimeSpan.FromSeconds(seconds) : throw new ArgumentException(FormattableString.Invariant($"{name} is {seconds}; give seconds over zero."));

    private static double? Seconds(IQueryCollection query, string name) =>
        !query.TryGetValue(name, out var text) ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? seconds
        : throw new ArgumentException($"{name} is '{text}'; give seconds such as 0.5, once.");
}
