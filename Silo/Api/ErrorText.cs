using System.Globalization;
using System.Text.Json;

namespace OrleansCache;

/// <summary>What an exception says, for people who did not write the code.</summary>
internal static class ErrorText
{
    /// <summary>Without the parameter name that .NET puts behind an argument's message.</summary>
    public static string Of(ArgumentException exception) =>
        exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;

    /// <summary>Where in a body, and what is wrong there; without the name of a type of ours.</summary>
    public static string Of(JsonException exception)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"At {exception.Path ?? "$"}, line {(exception.LineNumber ?? 0) + 1}, byte {exception.BytePositionInLine ?? 0}");
        return exception.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
            ? $"{place}: the value is of another kind than this field has; docs/http.md shows the body."
            : $"{place}: {exception.Message}";
    }
}
