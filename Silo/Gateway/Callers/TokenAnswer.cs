using System.Globalization;
using System.Text.Json;

namespace OrleansCache;

/// <summary>What an auth service answers (RFC 6749, section 5.1).</summary>
/// <param name="Value">The token.</param>
/// <param name="ExpiresIn">How long it lives from when it was asked for; null when that is not said.</param>
internal readonly record struct TokenAnswer(string Value, TimeSpan? ExpiresIn)
{
    private const double MaxSeconds = 365 * 24 * 3600;

    /// <summary>Null when it is no bearer token that a header can carry.</summary>
    public static TokenAnswer? Read(byte[] json)
    {
        try
        {
            var answer = JsonElement.Parse(json);
            if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("access_token", out var token) || token.ValueKind != JsonValueKind.String)
                return null;
            if (answer.TryGetProperty("token_type", out var type) && !(type.ValueKind == JsonValueKind.String && "Bearer".Equals(type.GetString(), StringComparison.OrdinalIgnoreCase)))
                return null;
            var value = token.GetString()!;
            if (value.Length == 0 || value.AsSpan().ContainsAnyExceptInRange('!', '~'))
                return null;
            if (!answer.TryGetProperty("expires_in", out var said) || said.ValueKind == JsonValueKind.Null)
                return new(value, null);
            return Seconds(said) is { } seconds ? new(value, TimeSpan.FromSeconds(Math.Clamp(seconds, 0, MaxSeconds))) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Some write the number as a text.
    private static double? Seconds(JsonElement said) => said.ValueKind switch
    {
        JsonValueKind.Number => said.GetDouble(),
        JsonValueKind.String when double.TryParse(said.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) => seconds,
        _ => null,
    };
}
